import { createHash } from 'node:crypto'
import { Client, type ClientConfig } from 'pg'
import { lostConnection, toPortError } from './errors.ts'

/** One step of the schema. Never edited once released: a change is a new step. */
export interface Migration {
  /** 1, 2, 3, … */
  readonly version: number
  readonly name: string
  readonly sql: string
}

/** Any number that other programs in the same database don't take for a lock of theirs. */
const LOCK = 0x63_34_61_01

/** A step may take so long, and so may waiting for another process that runs them. */
const LIMIT_MS = 15 * 60_000
const SETTINGS = `
SET LOCAL statement_timeout = ${LIMIT_MS}; SET LOCAL lock_timeout = ${LIMIT_MS}; SET LOCAL idle_in_transaction_session_timeout = '1min'`

/** Brings the database to the newest version, all or nothing. Several processes may do it at once: one does, the others find nothing left to do.
 *  Throws when an applied migration was edited since, or when the database is newer than the program. */
export async function migrate(config: ClientConfig, migrations: readonly Migration[]): Promise<void> {
  const client = new Client({ ...config, query_timeout: LIMIT_MS })
  // A connection that breaks also fails the statement that is under way: there it is dealt with.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(`BEGIN; ${SETTINGS}`)
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK])
    await applyMissing(client, migrations)
    await client.query('COMMIT')
  } catch (error) {
    throw toPortError(lostConnection(error))
  } finally {
    await client.end().catch(() => {})
  }
}

async function applyMissing(client: Client, migrations: readonly Migration[]): Promise<void> {
  await client.query('CREATE TABLE IF NOT EXISTS schema_migrations (version INT4 PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)')
  const dialect = await dialectOf(client)
  for (const migration of migrations.slice(await countApplied(client, migrations))) {
    await client.query(dialect(migration.sql))
    const row = [migration.version, migration.name, checksumOf(migration)]
    await client.query('INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)', row)
  }
}

/** CockroachDB always compares bytes, and refuses columns that say so. */
async function dialectOf(client: Client): Promise<(sql: string) => string> {
  const { rows } = await client.query<{ readonly version: string }>('SELECT version()')
  const isCockroach = rows[0]?.version.startsWith('CockroachDB') ?? false
  return (sql) => (isCockroach ? sql.replaceAll(' COLLATE "C"', '') : sql)
}

async function countApplied(client: Client, migrations: readonly Migration[]): Promise<number> {
  const { rows } = await client.query<{ readonly version: number; readonly name: string; readonly checksum: string }>(
    'SELECT version, name, checksum FROM schema_migrations ORDER BY version',
  )
  for (const { version, name, checksum } of rows) {
    const known = migrations.find((migration) => migration.version === Number(version))
    if (!known) throw new Error(`the database is newer than this program: it has migration ${version} (${name})`)
    if (checksumOf(known) !== checksum) throw new Error(`migration ${version} (${name}) was changed after it had been applied`)
  }
  return rows.length
}

function checksumOf(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex')
}
