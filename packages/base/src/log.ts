import { type Logger, pino } from 'pino'

export type { Logger }

/** Field names whose values never reach a log line. */
const SECRETS = ['token', 'access_token', 'client_secret', 'secret', 'authorization', 'password', 'text', 'payload']

/** A logger named `service:subsystem`. Lines are JSON on standard error, with ids and never content. */
export function createLogger(name: string, level = 'info'): Logger {
  return pino({ name, level, redact: { paths: [...SECRETS, ...SECRETS.map((s) => `*.${s}`)], censor: '[redacted]' } }, pino.destination(2))
}

/** A logger that says nothing. */
export const silentLogger: Logger = pino({ level: 'silent' })
