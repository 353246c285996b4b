import { readEnv } from '@chat4all/base'
import { serverEnv, shown } from '@chat4all/mesh'
import { type NatsEnv, natsEnv } from '@chat4all/mesh/nats'
import { type ScyllaEnv, scyllaEnv } from '@chat4all/mesh/scylla'
import { type SequencerConfig, sequencerConfig, sequencerEnv } from './config.ts'

const { CHAT4ALL_HOST, CHAT4ALL_HTTP_PORT, CHAT4ALL_LOG_LEVEL } = serverEnv

/** The environment of a sequencer that is a process of its own. */
const env = { CHAT4ALL_HOST, CHAT4ALL_HTTP_PORT, CHAT4ALL_LOG_LEVEL, ...natsEnv, ...scyllaEnv, ...sequencerEnv }

export interface SequencerProcessConfig {
  readonly host: string
  readonly httpPort: number
  readonly logLevel: string
  readonly sequencer: SequencerConfig
}

/** Throws one error that lists every bad variable. */
export function readProcessConfig(from: Readonly<Record<string, string | undefined>>) {
  const values = readEnv(env, from)
  const config: SequencerProcessConfig = {
    host: values.CHAT4ALL_HOST,
    httpPort: values.CHAT4ALL_HTTP_PORT,
    logLevel: values.CHAT4ALL_LOG_LEVEL,
    sequencer: sequencerConfig(values),
  }
  const engines: NatsEnv & ScyllaEnv = values
  return { config, engines, shown: shown(values) }
}
