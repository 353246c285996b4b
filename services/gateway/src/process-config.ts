import { readEnv } from '@chat4all/base'
import { list, serverEnv, serviceSecrets, shown } from '@chat4all/mesh'
import { type NatsEnv, natsEnv } from '@chat4all/mesh/nats'
import { type ScyllaEnv, scyllaEnv } from '@chat4all/mesh/scylla'
import { type GatewayConfig, gatewayConfig, gatewayEnv } from './config.ts'
import { type FrontsConfig, frontsConfig, frontsEnv } from './fronts-config.ts'

/** The environment of a gateway that is a process of its own. */
const env = {
  ...serverEnv,
  ...natsEnv,
  ...scyllaEnv,
  ...gatewayEnv,
  /** Where the directories are: `host:port`, separated by commas. A name stands for all its addresses. */
  CHAT4ALL_DIRECTORY_ADDRESSES: list.default(['127.0.0.1:9090']),
  ...frontsEnv,
}

export interface GatewayProcessConfig extends FrontsConfig {
  readonly logLevel: string
  readonly directories: readonly string[]
  readonly secrets: readonly string[]
  readonly gateway: GatewayConfig
}

/** Throws one error that lists every bad variable. */
export function readProcessConfig(from: Readonly<Record<string, string | undefined>>) {
  const values = readEnv(env, from)
  const config: GatewayProcessConfig = {
    ...frontsConfig(values),
    logLevel: values.CHAT4ALL_LOG_LEVEL,
    directories: values.CHAT4ALL_DIRECTORY_ADDRESSES,
    secrets: serviceSecrets(values),
    gateway: gatewayConfig(values),
  }
  const engines: NatsEnv & ScyllaEnv = values
  return { config, engines, shown: shown(values) }
}
