import type { DatabaseSync } from 'node:sqlite'
import type { SequencedEvent } from '@chat4all/ports'
import { type PackedEvents, packEvents, unpackEvents } from './event-log/packed-events.ts'
import type { Migration } from './sqlite/migrations.ts'
import { type Operations, Transferred } from './sqlite/operations.ts'

export const migrations: readonly Migration[] = [
  {
    version: 1,
    name: 'events',
    sql: `
      CREATE TABLE events (
        id INTEGER PRIMARY KEY,
        partition INTEGER NOT NULL,
        position INTEGER NOT NULL,
        tenant_id TEXT NOT NULL,
        conversation_id TEXT NOT NULL,
        event BLOB NOT NULL
      );
      CREATE UNIQUE INDEX events_by_position ON events (partition, position);
      -- The highest position stored: what repeats it, or comes before it, was stored already, even if it is gone.
      CREATE TABLE published (partition INTEGER PRIMARY KEY, through INTEGER NOT NULL);
      CREATE TABLE consumers (name TEXT PRIMARY KEY);
      -- What a consumer has acknowledged. No row: nothing of the partition was published before it was registered.
      CREATE TABLE cursors (
        consumer TEXT NOT NULL REFERENCES consumers (name) ON DELETE CASCADE,
        partition INTEGER NOT NULL,
        through INTEGER NOT NULL,
        PRIMARY KEY (consumer, partition)
      ) WITHOUT ROWID;`,
  },
]

/** A batch for a consumer ends at this many bytes, or one event over. */
const MAX_BYTES = 4 * 1024 * 1024

interface Row {
  readonly position: number
  readonly tenantId: string
  readonly conversationId: string
  readonly event: Uint8Array
}

export function createOperations(db: DatabaseSync): Operations {
  const consumers = db.prepare('SELECT name FROM consumers')
  const register = db.prepare('INSERT INTO consumers (name) VALUES (?) ON CONFLICT DO NOTHING')
  const startAtPublished = db.prepare('INSERT INTO cursors (consumer, partition, through) SELECT ?, partition, through FROM published')
  const remove = db.prepare('DELETE FROM consumers WHERE name = ?')

  const published = db.prepare('SELECT through FROM published WHERE partition = ?')
  const setPublished = db.prepare(
    'INSERT INTO published (partition, through) VALUES (?, ?) ON CONFLICT DO UPDATE SET through = excluded.through',
  )
  const insert = db.prepare('INSERT INTO events (partition, position, tenant_id, conversation_id, event) VALUES (?, ?, ?, ?, ?)')

  const acknowledge = db.prepare(
    'INSERT INTO cursors (consumer, partition, through) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET through = max(through, excluded.through)',
  )
  const next = db.prepare(`
    SELECT position, tenant_id AS tenantId, conversation_id AS conversationId, event FROM events
    WHERE partition = :partition
      AND position > coalesce((SELECT through FROM cursors WHERE consumer = :consumer AND partition = :partition), 0)
    ORDER BY position LIMIT :limit`)
  const sweep = db.prepare(`
    DELETE FROM events WHERE id IN (
      SELECT id FROM events
      WHERE partition = :partition AND position <= (
        SELECT coalesce(min(coalesce(through, 0)), 9223372036854775807)
        FROM consumers LEFT JOIN cursors ON consumer = name AND partition = :partition)
      ORDER BY position LIMIT :limit)`)

  const readNext = (consumer: string, partition: number, limit: number): SequencedEvent[] => {
    const events: SequencedEvent[] = []
    let bytes = 0
    for (const found of next.iterate({ consumer, partition, limit })) {
      const row = found as unknown as Row
      events.push({ ...row, position: BigInt(row.position) })
      bytes += row.event.byteLength
      if (bytes >= MAX_BYTES) break
    }
    return events
  }

  return {
    consumers: { kind: 'read', run: () => consumers.all().map(({ name }) => name) },
    register: {
      kind: 'write',
      run: ({ consumer }: { consumer: string }) => {
        if (register.run(consumer).changes === 1) startAtPublished.run(consumer)
      },
    },
    remove: { kind: 'write', run: ({ consumer }: { consumer: string }) => remove.run(consumer).changes },
    publish: {
      kind: 'write',
      run: ({ partition, packed }: { partition: number; packed: PackedEvents }) => {
        const through = BigInt((published.get(partition)?.through as number | undefined) ?? 0)
        const events = unpackEvents(packed).filter(({ position }) => position > through)
        for (const { position, tenantId, conversationId, event } of events) insert.run(partition, position, tenantId, conversationId, event)
        const last = events.at(-1)
        if (last) setPublished.run(partition, last.position)
      },
    },
    /** Acknowledges, drops what nobody needs any more, and returns what comes next. */
    advance: {
      kind: 'write',
      run: (args: { consumer: string; partition: number; acknowledged: bigint | undefined; limit: number }) => {
        const { consumer, partition, acknowledged, limit } = args
        if (acknowledged !== undefined) {
          acknowledge.run(consumer, partition, acknowledged)
          sweep.run({ partition, limit: 2 * limit })
        }
        const packed = packEvents(readNext(consumer, partition, limit))
        return new Transferred(packed, [packed.entries.bytes.buffer])
      },
    },
    /** Drops what no consumer needs. Returns how many went. */
    sweep: { kind: 'write', run: (args: { partition: number; limit: number }) => Number(sweep.run(args).changes) },
  }
}
