import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { sha256Hex } from '@chat4all/base'
import { EngineUnavailable } from '@chat4all/ports'
import type { CqlClient } from './client.ts'

/** One step of a schema. Never edited once released: a change is a new step. */
export interface Migration {
  /** 1, 2, 3, … */
  readonly version: number
  readonly name: string
  /** In order. A step that was interrupted runs again, so each statement must bear that (`IF NOT EXISTS`). */
  readonly statements: readonly string[]
}

interface AppliedRow {
  readonly version: number
  readonly name: string
  readonly checksum: string
}

/** Longer than any step takes: a process that ends while it migrates stops the others for so long. */
const LOCK_SECONDS = 120
const POLL_MS = 200
const PATIENCE_MS = 180_000

/** Brings a keyspace to the newest version. Of several processes one does it and the others wait.
 *  Throws when an applied migration was edited since, or when the keyspace is newer than the code. */
export async function migrate(cql: CqlClient, migrations: readonly Migration[]): Promise<void> {
  await cql.define('CREATE TABLE IF NOT EXISTS schema_migrations (version int PRIMARY KEY, name text, checksum text)')
  await cql.define('CREATE TABLE IF NOT EXISTS schema_lock (name text PRIMARY KEY, owner text)')
  const owner = randomUUID()
  const deadline = performance.now() + PATIENCE_MS
  while ((await countApplied(cql, migrations)) < migrations.length) {
    if (await withLock(cql, owner, () => applyMissing(cql, migrations))) return
    if (performance.now() > deadline) throw new EngineUnavailable('another process holds the lock on the schema')
    await sleep(POLL_MS)
  }
}

async function applyMissing(cql: CqlClient, migrations: readonly Migration[]): Promise<void> {
  const applied = await countApplied(cql, migrations)
  for (const migration of migrations.slice(applied)) {
    for (const statement of migration.statements) await cql.define(statement)
    const { version, name } = migration
    await cql.run('INSERT INTO schema_migrations (version, name, checksum) VALUES (?, ?, ?)', [version, name, checksumOf(migration)])
  }
}

async function countApplied(cql: CqlClient, migrations: readonly Migration[]): Promise<number> {
  const rows = await cql.rows<AppliedRow>('SELECT version, name, checksum FROM schema_migrations')
  for (const { version, name, checksum } of rows) {
    const known = migrations.find((migration) => migration.version === version)
    if (!known) throw new Error(`the keyspace is newer than this program: it has migration ${version} (${name})`)
    if (checksumOf(known) !== checksum) throw new Error(`migration ${version} (${name}) was changed after it had been applied`)
  }
  return rows.length
}

/** Returns false without running the task if another process has the lock. */
async function withLock(cql: CqlClient, owner: string, task: () => Promise<void>): Promise<boolean> {
  const insert = `INSERT INTO schema_lock (name, owner) VALUES (?, ?) IF NOT EXISTS USING TTL ${LOCK_SECONDS}`
  const holder = await cql.runIf<{ owner: string }>(insert, ['migrations', owner])
  if (holder !== undefined && holder.owner !== owner) return false
  try {
    await task()
  } finally {
    await cql.runIf('DELETE FROM schema_lock WHERE name = ? IF owner = ?', ['migrations', owner])
  }
  return true
}

function checksumOf({ statements }: Migration): string {
  return sha256Hex(statements.join(';\n'))
}
