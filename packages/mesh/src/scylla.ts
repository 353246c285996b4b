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
}

export interface ScyllaEnv {
  readonly CHAT4ALL_CQL_CONTACT_POINTS: readonly string[]
  readonly CHAT4ALL_CQL_DATACENTER: string
  readonly CHAT4ALL_CQL_KEYSPACE: string
}

export function openScylla(env: ScyllaEnv, logger: Logger): Promise<MessageStore> {
  return openScyllaMessageStore({
    contactPoints: env.CHAT4ALL_CQL_CONTACT_POINTS,
    localDataCenter: env.CHAT4ALL_CQL_DATACENTER,
    keyspace: env.CHAT4ALL_CQL_KEYSPACE,
    logger,
  })
}
