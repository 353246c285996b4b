import { readEnv, z } from '@chat4all/base'
import { serverEnv, serviceSecrets, shown } from '@chat4all/mesh'
import { type NatsEnv, natsEnv } from '@chat4all/mesh/nats'
import { type PostgresEnv, postgresEnv } from '@chat4all/mesh/postgres'
import { type DirectoryConfig, directoryConfig, directoryEnv } from './config.ts'

/** The environment of a directory that is a process of its own. */
const env = {
  ...serverEnv,
  ...natsEnv,
  ...postgresEnv,
  ...directoryEnv,
  /** Where the credentials of the first API client are: read if they are there, else written by the first start. Without it, no API client is made. */
  CHAT4ALL_BOOTSTRAP_CREDENTIALS: z.string().optional(),
}

export interface DirectoryProcessConfig {
  readonly host: string
  readonly grpcPort: number
  readonly httpPort: number
  readonly logLevel: string
  readonly secrets: readonly string[]
  readonly bootstrapCredentials: string | undefined
  readonly directory: DirectoryConfig
}

/** Throws one error that lists every bad variable. */
export function readProcessConfig(from: Readonly<Record<string, string | undefined>>) {
  const values = readEnv(env, from)
  const config: DirectoryProcessConfig = {
    host: values.CHAT4ALL_HOST,
    grpcPort: values.CHAT4ALL_GRPC_PORT,
    httpPort: values.CHAT4ALL_HTTP_PORT,
    logLevel: values.CHAT4ALL_LOG_LEVEL,
    secrets: serviceSecrets(values),
    bootstrapCredentials: values.CHAT4ALL_BOOTSTRAP_CREDENTIALS,
    directory: directoryConfig(values),
  }
  const engines: NatsEnv & PostgresEnv = values
  return { config, engines, shown: shown(values) }
}
