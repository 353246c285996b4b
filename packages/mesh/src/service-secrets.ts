import { readFileSync } from 'node:fs'

interface SecretEnv {
  readonly CHAT4ALL_SERVICE_SECRET?: string | undefined
  readonly CHAT4ALL_SERVICE_SECRET_FILE?: string | undefined
}

/** The secrets of the installation, the signing one first. Throws unless exactly one of the two variables says them. */
export function serviceSecrets({ CHAT4ALL_SERVICE_SECRET: text, CHAT4ALL_SERVICE_SECRET_FILE: file }: SecretEnv): readonly string[] {
  if ((text === undefined) === (file === undefined))
    throw new Error('set either CHAT4ALL_SERVICE_SECRET or CHAT4ALL_SERVICE_SECRET_FILE: services know each other by it')
  const parts = (text ?? readFileSync(file!, 'utf8')).split(/[,\n]/).map((part) => part.trim())
  return parts.filter((part) => part !== '')
}
