import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { EXIT, Failure } from './failure.ts'

/** The id and secret of an API client, as the server and `chat4all admin clients create` write them. */
export interface Credentials {
  readonly client_id: string
  readonly client_secret: string
  readonly tenant_id?: string
  /** In profiles: the server that they belong to. */
  readonly server?: string
}

/** Credentials and where they come from. */
export interface FoundCredentials {
  readonly credentials: Credentials
  readonly file: string
}

/** Where `chat4all login` keeps the credentials. */
export function profileFile(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'chat4all', 'credentials.json')
}

/** The first there is: --credentials, CHAT4ALL_CREDENTIALS, the profile of `chat4all login`, the data directory of a server started here. */
export function findCredentials(named: string | undefined, env: NodeJS.ProcessEnv): FoundCredentials {
  const required = named ?? env.CHAT4ALL_CREDENTIALS
  const files = required
    ? [required]
    : [profileFile(env), ...(env.CHAT4ALL_DATA_DIR ? [join(env.CHAT4ALL_DATA_DIR, NAME)] : []), join('data', NAME)]
  for (const file of files) {
    const text = readIfThere(file)
    if (text !== undefined) return { credentials: parse(text, file), file }
  }
  throw new Failure(`no credentials: looked for ${files.join(', ')}\n  ${ADVICE}`, EXIT.unauthenticated)
}

const NAME = 'credentials.json'
const ADVICE = 'Start a server here with `make up`, log in with `chat4all login`, or name a file with --credentials.'

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export function parse(text: string, file: string): Credentials {
  try {
    const value = JSON.parse(text)
    if (typeof value.client_id === 'string' && typeof value.client_secret === 'string') return value
  } catch {}
  throw new Failure(`${file} holds no credentials: it needs client_id and client_secret`, EXIT.usage)
}
