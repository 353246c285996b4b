import { existsSync, globSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { findJava } from './java.ts'

/** The real servers that tests run. */
export type EngineName = 'nats' | 'cassandra' | 'postgres' | 's3'

interface Engine {
  readonly title: string
  readonly version: string
  /** A file of it, inside its folder. */
  readonly file: string
  /** What `make engines` needs to bring it. */
  readonly needs: string
}

/** What `make engines` brings, each into a folder of its own. */
export const ENGINES: Readonly<Record<EngineName, Engine>> = {
  nats: { title: 'NATS server', version: '2.15.2', file: 'nats-server', needs: 'Go' },
  s3: { title: 'S3 server (versitygw)', version: '1.8.0', file: 'versitygw', needs: 'Go' },
  cassandra: { title: 'Apache Cassandra', version: '5.0.9', file: 'lib/cassandra-all-5.0.9.jar', needs: 'Maven and Java 17' },
  postgres: { title: 'PostgreSQL', version: '18.4.0-beta.17', file: 'native/bin/postgres', needs: 'npm' },
}

export const ENGINE_NAMES = Object.keys(ENGINES) as readonly EngineName[]

/** Where the engines are. Set CHAT4ALL_ENGINES_CACHE to share one folder between clones. */
export function enginesFolder(): string {
  return resolve(process.env.CHAT4ALL_ENGINES_CACHE || join(import.meta.dirname, '../../../../.cache/engines'))
}

export function engineFolder(name: EngineName): string {
  return join(enginesFolder(), `${name}-${ENGINES[name].version}`)
}

/** Every reason that {@link engineMissing} gives begins with this. */
export const MISSING_PREFIX = 'missing engine: '

/** Why one of these engines cannot be started here; undefined when all can. */
export function engineMissing(...names: readonly EngineName[]): string | undefined {
  const reasons = names.map(reasonOf).filter((reason) => reason !== undefined)
  return reasons.length === 0 ? undefined : MISSING_PREFIX + reasons.join('; ')
}

function reasonOf(name: EngineName): string | undefined {
  const { title, version, needs } = ENGINES[name]
  if (!isPresent(name)) return `${title} ${version} (\`make engines\` brings it, and needs ${needs})`
  if (name === 'cassandra' && findJava() === undefined) return `${title} ${version} needs Java 17: install it, or set JAVA_HOME`
  return undefined
}

function isPresent(name: EngineName): boolean {
  return name === 'postgres' ? postgresPrograms() !== undefined : existsSync(join(engineFolder(name), ENGINES[name].file))
}

/** The folder with initdb and postgres: what `make engines` brought, else that of the system. */
export function postgresPrograms(): string | undefined {
  const brought = join(engineFolder('postgres'), 'native/bin')
  return [brought, ...globSync('/usr/lib/postgresql/*/bin').sort().reverse()].find((folder) => existsSync(join(folder, 'postgres')))
}
