import type { DatabaseSync } from 'node:sqlite'
import { AlreadyExists, Conflict } from '@chat4all/ports'
import type { Migration } from '../migrations.ts'
import { type Operations, Transferred } from '../operations.ts'

/** A small database for the tests of this folder. */
export const migrations: readonly Migration[] = [
  { version: 1, name: 'numbers', sql: 'CREATE TABLE numbers (n INTEGER PRIMARY KEY, body BLOB)' },
]

export function createOperations(db: DatabaseSync): Operations {
  const insert = db.prepare('INSERT INTO numbers (n, body) VALUES (?, ?)')
  const all = db.prepare('SELECT n FROM numbers ORDER BY n')
  return {
    add: { kind: 'write', run: (args: { n: number; body?: Uint8Array }) => insert.run(args.n, args.body ?? null).changes },
    addThenConflict: {
      kind: 'write',
      run: ({ n }: { n: number }) => {
        insert.run(n, null)
        throw new Conflict('changed meanwhile')
      },
    },
    taken: {
      kind: 'write',
      run: () => {
        throw new AlreadyExists('private_pair')
      },
    },
    list: { kind: 'read', run: () => all.all().map(({ n }) => n) },
    bytes: {
      kind: 'read',
      run: ({ length }: { length: number }) => {
        const bytes = new Uint8Array(length).fill(7)
        return new Transferred(bytes, [bytes.buffer])
      },
    },
    limitPages: { kind: 'read', run: ({ pages }: { pages: number }) => db.exec(`PRAGMA max_page_count = ${pages}`) },
    crash: { kind: 'read', run: () => process.exit(3) },
  }
}
