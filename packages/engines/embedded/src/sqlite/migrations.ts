import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'

/** One step of a schema. Never edited once released: a change is a new step. */
export interface Migration {
  /** 1, 2, 3, … */
  readonly version: number
  readonly name: string
  readonly sql: string
}

/** Brings a database to the newest version, all or nothing. Two processes may do it at once: the second finds nothing left to do.
 *  Throws when an applied migration was edited since, or when the database is newer than the code. */
export function migrate(db: DatabaseSync, migrations: readonly Migration[]): void {
  checkNumbering(migrations)
  db.exec('BEGIN IMMEDIATE')
  try {
    db.exec('CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)')
    const applied = checkApplied(db, migrations)
    for (const migration of migrations.slice(applied)) apply(db, migration)
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

function checkNumbering(migrations: readonly Migration[]): void {
  migrations.forEach(({ version, name }, index) => {
    if (version !== index + 1) throw new Error(`migration ${version} (${name}) should have version ${index + 1}`)
  })
}

/** Returns how many are applied. */
function checkApplied(db: DatabaseSync, migrations: readonly Migration[]): number {
  const rows = db.prepare('SELECT version, name, checksum FROM schema_migrations ORDER BY version').all()
  for (const { version, name, checksum } of rows) {
    const known = migrations[Number(version) - 1]
    if (!known) throw new Error(`the database is newer than this program: it has migration ${version} (${name})`)
    if (checksumOf(known) !== checksum) throw new Error(`migration ${version} (${name}) was changed after it had been applied`)
  }
  return rows.length
}

function apply(db: DatabaseSync, migration: Migration): void {
  db.exec(migration.sql)
  const insert = db.prepare('INSERT INTO schema_migrations (version, name, checksum) VALUES (?, ?, ?)')
  insert.run(migration.version, migration.name, checksumOf(migration))
}

function checksumOf(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex')
}
