import { z } from 'zod'

/** Reads the environment against a schema, once. Throws one error that lists every bad variable. */
export function readEnv<T extends z.ZodRawShape>(shape: T, env: Readonly<Record<string, string | undefined>>): z.infer<z.ZodObject<T>> {
  const given = Object.fromEntries(Object.keys(shape).map((name) => [name, env[name] === '' ? undefined : env[name]]))
  const result = z.object(shape).safeParse(given)
  if (result.success) return Object.freeze(result.data) as z.infer<z.ZodObject<T>>
  const lines = result.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`)
  throw new Error(`These environment variables are not valid:\n${lines.join('\n')}`)
}

export { z }
