import { listenEnv, z } from '@chat4all/base'

/** The environment of every service that is a process of its own. */
export const serverEnv = {
  ...listenEnv,
  /** By which services know each other: the first signs, all verify. */
  CHAT4ALL_SERVICE_SECRET: z.string().optional(),
  /** A file that holds it instead. */
  CHAT4ALL_SERVICE_SECRET_FILE: z.string().optional(),
}

/** Values separated by commas, at least one. */
export const list = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .refine((parts) => parts.length > 0, 'must name at least one')

const SECRETS: ReadonlySet<string> = new Set([
  'CHAT4ALL_SERVICE_SECRET',
  'CHAT4ALL_POSTGRES_URL',
  'CHAT4ALL_CQL_PASSWORD',
  'CHAT4ALL_NATS_PASSWORD',
])

/** The environment in force, fit for logs. */
export function shown(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const visible = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(visible.map(([name, value]) => [name, SECRETS.has(name) ? '[masked]' : value]))
}
