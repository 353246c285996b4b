import type { Directory, NewOutboxEntry, OutboxEntry } from '@chat4all/ports'
import { bytes } from './columns.ts'
import type { Database, Queries } from './database.ts'

const COLUMNS = 'id, tenant_id AS "tenantId", conversation_id AS "conversationId", partition, key, record'

const INSERT = 'INSERT INTO outbox (tenant_id, conversation_id, partition, key, record) VALUES ($1, $2, $3, $4, $5)'
const SELECT_ALL = `SELECT ${COLUMNS} FROM outbox ORDER BY id LIMIT $1`
const SELECT_ONE = `SELECT ${COLUMNS} FROM outbox WHERE conversation_id = $1 ORDER BY id LIMIT $2`
const DELETE = 'DELETE FROM outbox WHERE id = ANY ($1::INT8[])'

export function outboxMethods(db: Database): Pick<Directory, 'outbox' | 'clearOutbox'> {
  return {
    async outbox(conversationId, limit) {
      const rows =
        conversationId === undefined
          ? await db.query<OutboxEntry>(SELECT_ALL, limit)
          : await db.query<OutboxEntry>(SELECT_ONE, conversationId, limit)
      return rows.map((row) => ({ ...row, record: bytes(row.record as Buffer) }))
    },
    async clearOutbox(ids) {
      if (ids.length > 0) await db.query(DELETE, ids)
    },
  }
}

/** Adds entries inside the transaction of the decision that they tell of. That transaction holds the conversation's row, so its entries get higher numbers than those of all decisions before it. */
export async function writeOutbox(tx: Queries, entries: readonly NewOutboxEntry[]): Promise<void> {
  for (const { tenantId, conversationId, partition, key, record } of entries) {
    await tx.query(INSERT, tenantId, conversationId, partition, key, record)
  }
}
