import { listenEnv, readEnv, z } from '@chat4all/base'
import { type DirectoryConfig, directoryConfig, directoryEnv } from '@chat4all/directory'
import { type FrontsConfig, frontsConfig, frontsEnv, type GatewayConfig, gatewayConfig, gatewayEnv } from '@chat4all/gateway'
import { type SequencerConfig, sequencerConfig, sequencerEnv } from '@chat4all/sequencer'

/** The environment of the one-process server, and of the services in it. */
const env = {
  /** Where everything is kept. */
  CHAT4ALL_DATA_DIR: z.string().default('./data'),
  ...listenEnv,
  ...frontsEnv,
  /** Shards of the conversation log. One is best for one process; conversations keep theirs. */
  CHAT4ALL_PARTITIONS: z.coerce.number().int().min(1).max(256).default(1),
  ...directoryEnv,
  ...gatewayEnv,
  ...sequencerEnv,
}

export interface Config extends FrontsConfig {
  readonly dataDir: string
  readonly logLevel: string
  readonly partitions: number
  readonly gateway: GatewayConfig
  readonly directory: DirectoryConfig
  readonly sequencer: SequencerConfig
}

/** Throws one error that lists every bad variable. */
export function readConfig(from: Readonly<Record<string, string | undefined>>): Config {
  const values = readEnv(env, from)
  return {
    dataDir: values.CHAT4ALL_DATA_DIR,
    ...frontsConfig(values),
    logLevel: values.CHAT4ALL_LOG_LEVEL,
    partitions: values.CHAT4ALL_PARTITIONS,
    gateway: gatewayConfig(values),
    directory: directoryConfig(values),
    sequencer: sequencerConfig(values),
  }
}
