import { type Logger, z } from '@chat4all/base'
import { openNatsEngines, type Replicas } from '@chat4all/engine-nats'
import { list } from './env.ts'

/** The environment of services on NATS. */
export const natsEnv = {
  /** `host:port`, separated by commas. */
  CHAT4ALL_NATS_SERVERS: list.default(['127.0.0.1:4222']),
  /** Shards of the conversation log. May grow, never shrink. */
  CHAT4ALL_PARTITIONS: z.coerce.number().int().min(1).max(256).default(16),
  /** Copies of each stream. */
  CHAT4ALL_NATS_REPLICAS: z.coerce
    .number()
    .pipe(z.literal([1, 3]))
    .default(3),
  /** One copy is meant, although a lost disk loses messages. */
  CHAT4ALL_ALLOW_SINGLE_REPLICA: z.stringbool().default(false),
}

export interface NatsEnv {
  readonly CHAT4ALL_NATS_SERVERS: readonly string[]
  readonly CHAT4ALL_PARTITIONS: number
  readonly CHAT4ALL_NATS_REPLICAS: Replicas
  readonly CHAT4ALL_ALLOW_SINGLE_REPLICA: boolean
}

/** The log, the events and the live bus. `name` shows in the server's list of connections. */
export function openNats(env: NatsEnv, name: string, logger: Logger): ReturnType<typeof openNatsEngines> {
  return openNatsEngines({
    servers: env.CHAT4ALL_NATS_SERVERS,
    partitions: env.CHAT4ALL_PARTITIONS,
    replicas: env.CHAT4ALL_NATS_REPLICAS,
    allowSingleReplica: env.CHAT4ALL_ALLOW_SINGLE_REPLICA,
    name,
    logger,
  })
}
