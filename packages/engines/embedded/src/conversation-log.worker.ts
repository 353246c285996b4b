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
  {
    version: 2,
    name: 'no index for a single partition',
    sql: `
      DROP INDEX log_by_partition;
      CREATE INDEX log_by_partition ON log (partition) WHERE partition > 0;`,
  },
]

/** A statement about the records of one partition. Most logs have only partition 0, which has no index: it would be a page more to write at each commit. */
function ofPartition(db: DatabaseSync, sql: (condition: string) => string) {
  const first = db.prepare(sql('partition = :partition'))
  const others = db.prepare(sql('partition = :partition AND partition > 0'))
  return (partition: number) => (partition === 0 ? first : others)
}

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
  const ends = db.prepare(`
    SELECT 0 AS partition, position FROM (SELECT position FROM log WHERE partition = 0 ORDER BY position DESC LIMIT 1)
    UNION ALL SELECT partition, max(position) FROM log WHERE partition > 0 GROUP BY partition`)
  const one = db.prepare('SELECT position, record FROM log WHERE position = ? AND partition = ?')
  const after = ofPartition(
    db,
    (condition) => `SELECT position, record FROM log WHERE ${condition} AND position > :after ORDER BY position LIMIT :limit`,
  )
  // The newest record of a partition stays: it says where the partition ends, and that of all keeps positions from being used again.
  const trim = ofPartition(
    db,
    (condition) => `
    DELETE FROM log WHERE appended_at < :before AND position IN (
      SELECT position FROM log
      WHERE ${condition} AND position <= :through
        AND position < (SELECT position FROM log WHERE ${condition} ORDER BY position DESC LIMIT 1)
      ORDER BY position LIMIT :limit)`,
  )

  const positionOf = ({ key, partition }: PackedRecord): number => (byKey.get(key, partition) as unknown as Row).position

  let last: number | undefined
  return {
    append: {
      kind: 'write',
      run: ({ packed, at }: { packed: ArrayBuffer; at: number }): AppendReply => {
        const first = (last ?? (highest.get() as unknown as Row).position) + 1
        const duplicates = new Map<number, number>()
        let next = first
        unpackAppends(packed).forEach((append, index) => {
          const { changes } = insert.run(next, append.partition, append.key, at, append.record)
          if (changes === 1) next += 1
          else duplicates.set(index, positionOf(append))
        })
        last = next - 1
        return duplicates.size === 0 ? { first } : { first, duplicates }
      },
      undone: () => {
        last = undefined
      },
    },
    ends: { kind: 'read', run: () => ends.all() },
    read: { kind: 'read', run: ({ partition, position }: { partition: number; position: bigint }) => one.get(position, partition) },
    list: {
      kind: 'read',
      run: ({ maxBytes, ...range }: { partition: number; after: bigint; limit: number; maxBytes: number }) => {
        const rows: Row[] = []
        let bytes = 0
        for (const row of after(range.partition).iterate(range)) {
          rows.push(row as unknown as Row)
          bytes += (row as unknown as Row).record.byteLength
          if (bytes >= maxBytes) break
        }
        const packed = packEntries(rows)
        return new Transferred(packed, [packed.bytes.buffer])
      },
    },
    /** Returns how many went. */
    trim: {
      kind: 'write',
      run: (args: { partition: number; through: bigint; before: number; limit: number }) => Number(trim(args.partition).run(args).changes),
    },
  }
}
