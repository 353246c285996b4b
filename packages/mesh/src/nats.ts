import { type Logger, z } from '@chat4all/base'
import { type NatsEngines, type NatsLogin, openNatsEngines, type Replicas } from '@chat4all/engine-nats'
import { list } from './env.ts'

/** The environment of services on NATS. */
export const natsEnv = {
  /** `host:port`, separated by commas. */
  CHAT4ALL_NATS_SERVERS: list.default(['127.0.0.1:4222']),
  CHAT4ALL_NATS_USER: z.string().optional(),
  CHAT4ALL_NATS_PASSWORD: z.string().optional(),
  /** Instead of a user and a password: a file with a JWT and its key, as `nsc` writes it. */
  CHAT4ALL_NATS_CREDENTIALS: z.string().optional(),
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
  readonly CHAT4ALL_NATS_USER?: string | undefined
  readonly CHAT4ALL_NATS_PASSWORD?: string | undefined
  readonly CHAT4ALL_NATS_CREDENTIALS?: string | undefined
  readonly CHAT4ALL_PARTITIONS: number
  readonly CHAT4ALL_NATS_REPLICAS: Replicas
  readonly CHAT4ALL_ALLOW_SINGLE_REPLICA: boolean
}

/** The log, the events and the live bus. `name` shows in the server's list of connections. */
export async function openNats(env: NatsEnv, name: string, logger: Logger): Promise<NatsEngines> {
  const login = natsLogin(env)
  return openNatsEngines({
    servers: env.CHAT4ALL_NATS_SERVERS,
    partitions: env.CHAT4ALL_PARTITIONS,
    replicas: env.CHAT4ALL_NATS_REPLICAS,
    allowSingleReplica: env.CHAT4ALL_ALLOW_SINGLE_REPLICA,
    ...(login === undefined ? {} : { login }),
    name,
    logger,
  })
}

/** Throws when the variables do not make one login. */
export function natsLogin(env: NatsEnv): NatsLogin | undefined {
  const { CHAT4ALL_NATS_USER: user, CHAT4ALL_NATS_PASSWORD: password, CHAT4ALL_NATS_CREDENTIALS: credentialsFile } = env
  if ((user === undefined) !== (password === undefined))
    throw new Error('CHAT4ALL_NATS_USER and CHAT4ALL_NATS_PASSWORD are set together, or neither')
  if (credentialsFile !== undefined && user !== undefined)
    throw new Error('CHAT4ALL_NATS_CREDENTIALS stands instead of CHAT4ALL_NATS_USER and CHAT4ALL_NATS_PASSWORD: set one of both')
  if (credentialsFile !== undefined) return { credentialsFile }
  return user === undefined || password === undefined ? undefined : { user, password }
}
