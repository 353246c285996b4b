import type { DatabaseSync } from 'node:sqlite'
import { type ConversationKey, type ReceiptMark, type ReceiptState, type RecipientStatus, raiseReceipt } from '@chat4all/ports'
import { type Conversation, conversationFinder } from './conversation.ts'
import { prepare } from './statement.ts'

/** The columns of a `ReceiptState` without the user, from a left join of `receipts r`. */
export const RECEIPT_COLUMNS = `coalesce(r.delivered_through, 0) AS deliveredThrough, coalesce(r.delivered_at, 0) AS deliveredAt,
  coalesce(r.read_through, 0) AS readThrough, coalesce(r.read_at, 0) AS readAt`

const DELIVERED = 1
const READ = 2

export function createReceiptWrites(db: DatabaseSync) {
  const find = conversationFinder(db)
  const select = prepare<ReceiptState>(
    db,
    `SELECT m.user_id AS userId, ${RECEIPT_COLUMNS}
     FROM members m LEFT JOIN receipts r ON r.conversation = m.conversation AND r.user_id = m.user_id
     WHERE m.conversation = ? AND m.user_id = ? AND m.left_revision IS NULL`,
  )
  const upsert = prepare(
    db,
    `INSERT INTO receipts (conversation, user_id, delivered_through, delivered_at, read_through, read_at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET delivered_through = excluded.delivered_through, delivered_at = excluded.delivered_at,
       read_through = excluded.read_through, read_at = excluded.read_at`,
  )
  const insertEvent = prepare(db, 'INSERT INTO receipt_events (conversation, user_id, kind, through, at) VALUES (?, ?, ?, ?, ?)')
  const touch = prepare(db, 'UPDATE conversations SET receipts_at = max(receipts_at, ?) WHERE no = ?')

  const store = (no: bigint, old: ReceiptState, raised: ReceiptState, at: bigint): void => {
    const { userId, deliveredThrough, deliveredAt, readThrough, readAt } = raised
    upsert.run(no, userId, deliveredThrough, deliveredAt, readThrough, readAt)
    if (deliveredThrough > old.deliveredThrough) insertEvent.run(no, userId, DELIVERED, deliveredThrough, at)
    if (readThrough > old.readThrough) insertEvent.run(no, userId, READ, readThrough, at)
    touch.run(at, no)
  }

  const raise = (mark: ReceiptMark): { readonly receipt: ReceiptState; readonly raised: boolean } | undefined => {
    const conversation = find(mark)
    const old = conversation && select.get(conversation.no, mark.userId)
    if (!old) return undefined
    const receipt = raiseReceipt(old, mark, conversation.sequence)
    const raised = receipt.deliveredThrough > old.deliveredThrough || receipt.readThrough > old.readThrough
    if (raised) store(conversation.no, old, receipt, mark.at)
    return { receipt, raised }
  }

  return { raiseReceipts: (marks: readonly ReceiptMark[]) => marks.map(raise) }
}

export function createReceiptReads(db: DatabaseSync) {
  const find = conversationFinder(db)
  const selectAll = prepare<ReceiptState>(
    db,
    `SELECT m.user_id AS userId, ${RECEIPT_COLUMNS}
     FROM members m LEFT JOIN receipts r ON r.conversation = m.conversation AND r.user_id = m.user_id
     WHERE m.conversation = ? AND m.left_revision IS NULL ORDER BY m.user_id`,
  )
  const reachedAt = (kind: number) => `(SELECT at FROM receipt_events e WHERE e.conversation = m.conversation AND e.user_id = m.user_id
     AND e.kind = ${kind} AND e.through >= x.sequence ORDER BY e.through LIMIT 1)`
  const selectStatuses = prepare<{ readonly userId: string; readonly deliveredAt: bigint | null; readonly readAt: bigint | null }>(
    db,
    `SELECT m.user_id AS userId, ${reachedAt(DELIVERED)} AS deliveredAt, ${reachedAt(READ)} AS readAt
     FROM messages x JOIN members m ON m.conversation = x.conversation
     WHERE x.conversation = ? AND x.sequence = ? AND m.user_id <> x.sender
       AND m.joined_sequence < x.sequence AND (m.left_sequence IS NULL OR m.left_sequence >= x.sequence)
     ORDER BY m.user_id`,
  )

  return {
    receipts(key: ConversationKey): ReceiptState[] {
      return withConversation(find(key), ({ no }) => selectAll.all(no))
    },

    recipientStatuses(key: ConversationKey, sequence: bigint): RecipientStatus[] {
      const rows = withConversation(find(key), ({ no }) => selectStatuses.all(no, sequence))
      return rows.map(({ userId, deliveredAt, readAt }) => ({
        userId,
        ...(deliveredAt === null ? {} : { deliveredAt }),
        ...(readAt === null ? {} : { readAt }),
      }))
    },
  }
}

function withConversation<T>(conversation: Conversation | undefined, read: (conversation: Conversation) => T[]): T[] {
  return conversation ? read(conversation) : []
}
