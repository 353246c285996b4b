import { z } from 'zod'

const port = z.coerce.number().int().min(0).max(65_535)

/** The environment of every process that listens. */
export const listenEnv = {
  /** The address to listen on. */
  CHAT4ALL_HOST: z.string().default('127.0.0.1'),
  /** 0 picks a free one. */
  CHAT4ALL_GRPC_PORT: port.default(9090),
  /** 0 picks a free one. */
  CHAT4ALL_HTTP_PORT: port.default(8080),
  CHAT4ALL_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
}
