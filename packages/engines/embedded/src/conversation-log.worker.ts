import type { DatabaseSync } from 'node:sqlite'
import { type AppendReply, type PackedRecord, unpackAppends } from './conversation-log/append-batch.ts'
import type { Migration } from './sqlite/migrations.ts'
import { type Operations, Transferred } from './sqlite/operations.ts'
import { packEntries } from './sqlite/packed-entries.ts'

/** All partitions share one rising position, so new rows go to the end of the table whatever their partition: that costs half as much as a key that starts with the partition. */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    name: 'log',
    sql: `
      CREATE TABLE log (
        position INTEGER PRIMARY KEY,
        partition INTEGER NOT NULL,
        key BLOB NOT NULL,
        appended_at INTEGER NOT NULL, -- seconds since 1970
        record BLOB NOT NULL
      );
      CREATE UNIQUE INDEX log_by_key ON log (key, partition);
      CREATE INDEX log_by_partition ON log (partition); -- and position, as every index`,
  },
]

interface Row {
  readonly position: number
  readonly record: Uint8Array
}

export function createOperations(db: DatabaseSync): Operations {
  const highest = db.prepare('SELECT coalesce(max(position), 0) AS position FROM log')
  const insert = db.prepare(
    'INSERT INTO log (position, partition, key, appended_at, record) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key, partition) DO NOTHING',
  )
  const byKey = db.prepare('SELECT position FROM log WHERE key = ? AND partition = ?')
  const ends = db.prepare('SELECT partition, max(position) AS position FROM log GROUP BY partition')
  const one = db.prepare('SELECT position, record FROM log WHERE position = ? AND partition = ?')
  const after = db.prepare('SELECT position, record FROM log WHERE partition = ? AND position > ? ORDER BY position LIMIT ?')
  // The newest record of a partition stays: it says where the partition ends, and that of all keeps positions from being used again.
  const trim = db.prepare(`
    DELETE FROM log WHERE appended_at < :before AND position IN (
      SELECT position FROM log
      WHERE partition = :partition AND position <= :through AND position < (SELECT max(position) FROM log WHERE partition = :partition)
      ORDER BY position LIMIT :limit)`)

  const positionOf = ({ key, partition }: PackedRecord): number => (byKey.get(key, partition) as unknown as Row).position

  return {
    append: {
      kind: 'write',
      run: ({ packed, at }: { packed: ArrayBuffer; at: number }): AppendReply => {
        const first = (highest.get() as unknown as Row).position + 1
        const duplicates = new Map<number, number>()
        let next = first
        unpackAppends(packed).forEach((append, index) => {
          const { changes } = insert.run(next, append.partition, append.key, at, append.record)
          if (changes === 1) next += 1
          else duplicates.set(index, positionOf(append))
        })
        return { first, duplicates }
      },
    },
    ends: { kind: 'read', run: () => ends.all() },
    read: { kind: 'read', run: ({ partition, position }: { partition: number; position: bigint }) => one.get(position, partition) },
    list: {
      kind: 'read',
      run: (args: { partition: number; after: bigint; limit: number; maxBytes: number }) => {
        const rows: Row[] = []
        let bytes = 0
        for (const row of after.iterate(args.partition, args.after, args.limit)) {
          rows.push(row as unknown as Row)
          bytes += (row as unknown as Row).record.byteLength
          if (bytes >= args.maxBytes) break
        }
        const packed = packEntries(rows)
        return new Transferred(packed, [packed.bytes.buffer])
      },
    },
    /** Returns how many went. */
    trim: {
      kind: 'write',
      run: (args: { partition: number; through: bigint; before: number; limit: number }) => Number(trim.run(args).changes),
    },
  }
}
