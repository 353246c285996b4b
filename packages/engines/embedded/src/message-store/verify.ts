import type { DatabaseSync } from 'node:sqlite'
import type { IntegrityFinding, IntegrityPage } from '@chat4all/ports'
import { CONVERSATION_COLUMNS, type Conversation } from './conversation.ts'
import { prepare } from './statement.ts'
import { crossChecks, rowReader } from './verify-rows.ts'
import { BEGINNING, type Place, Walk } from './verify-walk.ts'

/** What one page covers: a bound, so that other reads need not wait long. */
export interface PageSize {
  readonly conversations: number
  /** Messages and other changes. A longer conversation goes on in the next page. */
  readonly rows: number
}

const PAGE_SIZE: PageSize = { conversations: 200, rows: 2_000 }

/** Where a check goes on: in a conversation, after a place. */
interface Cursor {
  readonly no: bigint
  readonly place: Place
}

interface Checked {
  readonly findings: readonly IntegrityFinding[]
  readonly messages: number
  readonly rows: number
  /** Where the check stopped before the end of the conversation. */
  readonly stoppedAt?: Place
}

export function createVerify(db: DatabaseSync, size: PageSize = PAGE_SIZE) {
  const conversationsFrom = conversationPages(db, size.conversations + 1)
  const checkConversation = conversationCheck(db)

  return (tenantId: string | undefined, cursor: string): IntegrityPage => {
    const start = parseCursor(cursor)
    const findings: IntegrityFinding[] = []
    let [conversations, messages, rows] = [0, 0, 0]
    const page = (next?: Cursor): IntegrityPage => ({ findings, conversations, messages, ...(next ? { next: formatCursor(next) } : {}) })

    for (const conversation of conversationsFrom(tenantId, start.no)) {
      const { no } = conversation
      const from = no === start.no ? start.place : BEGINNING
      if (conversations === size.conversations || rows >= size.rows) return page({ no, place: from })
      const checked = checkConversation(conversation, from, size.rows - rows)
      findings.push(...checked.findings)
      messages += checked.messages
      rows += checked.rows
      if (checked.stoppedAt) return page({ no, place: checked.stoppedAt })
      conversations++
    }
    return page()
  }
}

function conversationPages(db: DatabaseSync, limit: number) {
  const selectAll = prepare<Conversation>(
    db,
    `SELECT ${CONVERSATION_COLUMNS} FROM conversations c JOIN tenants t ON t.no = c.tenant WHERE c.no >= ? ORDER BY c.no LIMIT ${limit}`,
  )
  const selectOfTenant = prepare<Conversation>(
    db,
    `SELECT ${CONVERSATION_COLUMNS} FROM tenants t JOIN conversations c INDEXED BY conversations_of_tenant ON c.tenant = t.no
     WHERE t.tenant_id = ? AND c.no >= ? ORDER BY c.no LIMIT ${limit}`,
  )
  return (tenantId: string | undefined, no: bigint) => (tenantId === undefined ? selectAll.all(no) : selectOfTenant.all(tenantId, no))
}

function conversationCheck(db: DatabaseSync) {
  const rowsAfter = rowReader(db)
  const check = crossChecks(db)

  return (conversation: Conversation, from: Place, limit: number): Checked => {
    const walk = new Walk(conversation, from)
    const { findings } = walk
    let [messages, rows] = [0, 0]
    for (const row of rowsAfter(conversation.no, from)) {
      const isMessage = 'messageId' in row
      // A repeated sequence stays in the page: the place after it can't tell it from the first.
      if (rows >= limit && !(isMessage && row.sequence === walk.place.sequence)) return { findings, messages, rows, stoppedAt: walk.place }
      rows++
      if (isMessage) {
        messages++
        walk.message(row)
        check.message(conversation, row, walk)
      } else {
        walk.change(row)
        check.change(conversation, row, walk)
      }
    }
    walk.end()
    check.receipts(conversation, walk)
    return { findings, messages, rows }
  }
}

function formatCursor({ no, place: { sequence, revision, position } }: Cursor): string {
  return [no, sequence, revision, position].join('.')
}

function parseCursor(cursor: string): Cursor {
  const [no, sequence, revision, position] = cursor.split('.').map((part) => BigInt(part || 0))
  return { no: no ?? 0n, place: { sequence: sequence ?? 0n, revision: revision ?? 0n, position: position ?? 0n } }
}
