import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fromBinary } from '@bufbuild/protobuf'
import { uuidFromBytes } from '@chat4all/base'
import { MessageSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import type { Reading, StoredRow } from '../history.ts'
import { contents } from './contents.ts'

/** Every conversation that the embedded message store holds, read from its file beside the server. */
export function readThroughSql(dataDir: string): Reading[] {
  const db = new DatabaseSync(storeFile(dataDir, 'messages'), { readOnly: true, timeout: 5_000 })
  try {
    const conversations = db
      .prepare('SELECT c.no, c.conversation_id, t.tenant_id FROM conversations c JOIN tenants t ON t.no = c.tenant')
      .all() as unknown as { no: number; conversation_id: string; tenant_id: string }[]
    return conversations.map(({ no, conversation_id: conversation, tenant_id: tenant }) => {
      return { source: 'SQL', tenant, conversation, rows: rowsOf(db, no), receipts: receiptsOf(db, no) }
    })
  } finally {
    db.close()
  }
}

const DAY_MICROS = 86_400_000_000

/** Makes every change that the embedded message store holds this many days older. */
export function ageChangesInSql(dataDir: string, days: number): void {
  const db = new DatabaseSync(storeFile(dataDir, 'changes'))
  db.exec(`UPDATE changes SET at = at - ${days * DAY_MICROS}`)
  db.close()
}

/** The SQLite file in the data directory that has a table of this name: engines name their files as they like. */
export function storeFile(dataDir: string, table: string): string {
  const names = readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
  const file = names.filter((name) => /\.(db|sqlite3?)$/.test(name)).find((name) => hasTable(join(dataDir, name), table))
  if (file === undefined) throw new Error(`no SQLite file with a table ${table} in ${dataDir}`)
  return join(dataDir, file)
}

function hasTable(file: string, table: string): boolean {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    return db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(table) !== undefined
  } finally {
    db.close()
  }
}

function rowsOf(db: DatabaseSync, conversation: number): StoredRow[] {
  const rows = db
    .prepare(
      `SELECT m.sequence, m.message_id, m.data, t.tenant_id FROM messages m LEFT JOIN tenants t ON t.no = m.tenant
       WHERE m.conversation = ? ORDER BY m.sequence, m.rowid`,
    )
    .all(conversation) as unknown as { sequence: number; message_id: Uint8Array; data: Uint8Array; tenant_id: string }[]
  return rows.map(({ sequence, message_id, data, tenant_id }) => {
    const { bodyHash, conversation } = contents(fromBinary(MessageSchema, data))
    return { sequence: BigInt(sequence), messageId: uuidFromBytes(message_id), tenant: tenant_id, conversation, bodyHash }
  })
}

function receiptsOf(db: DatabaseSync, conversation: number): Reading['receipts'] {
  const rows = db
    .prepare('SELECT user_id, delivered_through, read_through FROM receipts WHERE conversation = ?')
    .all(conversation) as unknown as {
    user_id: string
    delivered_through: number
    read_through: number
  }[]
  return new Map(rows.map((r) => [r.user_id, { deliveredThrough: BigInt(r.delivered_through), readThrough: BigInt(r.read_through) }]))
}
