import { type Logger, z } from '@chat4all/base'
import { openScyllaMessageStore } from '@chat4all/engine-scylla'
import type { MessageStore } from '@chat4all/ports'
import { list } from './env.ts'

/** The environment of services on ScyllaDB, or Apache Cassandra. */
export const scyllaEnv = {
  /** `host:port`, separated by commas. */
  CHAT4ALL_CQL_CONTACT_POINTS: list.default(['127.0.0.1:9042']),
  CHAT4ALL_CQL_DATACENTER: z.string().default('datacenter1'),
  CHAT4ALL_CQL_KEYSPACE: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,47}$/)
    .default('chat4all'),
  CHAT4ALL_CQL_USER: z.string().optional(),
  CHAT4ALL_CQL_PASSWORD: z.string().optional(),
  /** Copies of each row. Used only when the keyspace is created. */
  CHAT4ALL_CQL_REPLICATION: z.coerce.number().int().min(1).max(5).default(3),
}

export interface ScyllaEnv {
  readonly CHAT4ALL_CQL_CONTACT_POINTS: readonly string[]
  readonly CHAT4ALL_CQL_DATACENTER: string
  readonly CHAT4ALL_CQL_KEYSPACE: string
  readonly CHAT4ALL_CQL_USER?: string | undefined
  readonly CHAT4ALL_CQL_PASSWORD?: string | undefined
  readonly CHAT4ALL_CQL_REPLICATION: number
}

export function openScylla(env: ScyllaEnv, logger: Logger): Promise<MessageStore> {
  const { CHAT4ALL_CQL_USER: username, CHAT4ALL_CQL_PASSWORD: password } = env
  return openScyllaMessageStore({
    contactPoints: env.CHAT4ALL_CQL_CONTACT_POINTS,
    localDataCenter: env.CHAT4ALL_CQL_DATACENTER,
    keyspace: env.CHAT4ALL_CQL_KEYSPACE,
    replication: { [env.CHAT4ALL_CQL_DATACENTER]: env.CHAT4ALL_CQL_REPLICATION },
    ...(username === undefined || password === undefined ? {} : { username, password }),
    logger,
  })
}
