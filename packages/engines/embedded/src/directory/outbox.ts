import type { DatabaseSync } from 'node:sqlite'
import type { NewOutboxEntry } from '@chat4all/ports'
import { read, write } from './operation.ts'

const COLUMNS = 'id, tenant_id AS tenantId, conversation_id AS conversationId, partition, key, record'

export function outboxOperations(db: DatabaseSync) {
  const selectAll = db.prepare(`SELECT ${COLUMNS} FROM outbox ORDER BY id LIMIT ?`)
  const selectOne = db.prepare(`SELECT ${COLUMNS} FROM outbox WHERE conversation_id = ? ORDER BY id LIMIT ?`)
  const remove = db.prepare('DELETE FROM outbox WHERE id = ?')
  return {
    outbox: read((conversationId: string | undefined, limit: number) => {
      const rows = conversationId === undefined ? selectAll.all(limit) : selectOne.all(conversationId, limit)
      return rows.map((row) => ({ ...row, id: BigInt(row.id as number) }))
    }),
    clearOutbox: write((ids: readonly bigint[]) => {
      for (const id of ids) remove.run(id)
    }),
  }
}

/** Adds entries inside the transaction of the decision that they tell of. */
export function outboxWriter(db: DatabaseSync): (entries: readonly NewOutboxEntry[]) => void {
  const insert = db.prepare('INSERT INTO outbox (tenant_id, conversation_id, partition, key, record) VALUES (?, ?, ?, ?, ?)')
  return (entries) => {
    for (const entry of entries) insert.run(entry.tenantId, entry.conversationId, entry.partition, entry.key, entry.record)
  }
}
