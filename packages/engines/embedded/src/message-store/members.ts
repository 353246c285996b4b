import type { DatabaseSync } from 'node:sqlite'
import type { ConversationKey, InboxEntry, InboxPosition, MemberState, ReceiptState } from '@chat4all/ports'
import { CONVERSATION_COLUMNS, type Conversation, conversationFinder, toHead } from './conversation.ts'
import { RECEIPT_COLUMNS } from './receipts.ts'
import { prepare } from './statement.ts'

interface MemberColumns {
  readonly userId: string
  readonly role: bigint
  readonly joinedSequence: bigint
}

/** Reads the present members of a conversation by its number, by user id. */
export function membersReader(db: DatabaseSync): (no: bigint) => MemberState[] {
  const select = prepare<MemberColumns>(
    db,
    `SELECT user_id AS userId, role, joined_sequence AS joinedSequence FROM members
     WHERE conversation = ? AND left_revision IS NULL ORDER BY user_id`,
  )
  return (no) => select.all(no).map(({ userId, role, joinedSequence }) => ({ userId, role: Number(role), joinedSequence }))
}

interface EntryColumns extends MemberColumns, Omit<ReceiptState, 'userId'> {}

const ENTRY_COLUMNS = `m.user_id AS userId, m.role, m.joined_sequence AS joinedSequence, ${RECEIPT_COLUMNS}`
const RECEIPTS = 'LEFT JOIN receipts r ON r.conversation = m.conversation AND r.user_id = m.user_id'

export function createMemberReads(db: DatabaseSync) {
  const find = conversationFinder(db)
  const readMembers = membersReader(db)
  const inbox = (condition: string) =>
    prepare<Conversation & EntryColumns>(
      db,
      `SELECT ${CONVERSATION_COLUMNS}, ${ENTRY_COLUMNS}
       FROM tenants t JOIN members m ON m.tenant = t.no JOIN conversations c ON c.no = m.conversation ${RECEIPTS}
       WHERE t.tenant_id = ? AND m.user_id = ? AND m.left_revision IS NULL AND ${condition}
       ORDER BY c.active_at DESC, c.conversation_id DESC LIMIT ?`,
    )
  const selectNewest = inbox('true')
  const selectBefore = inbox('(c.active_at, c.conversation_id) < (?, ?)')
  const selectEntry = prepare<EntryColumns>(
    db,
    `SELECT ${ENTRY_COLUMNS} FROM members m ${RECEIPTS} WHERE m.conversation = ? AND m.user_id = ? AND m.left_revision IS NULL`,
  )

  return {
    members(key: ConversationKey): MemberState[] {
      const no = find(key)?.no
      return no === undefined ? [] : readMembers(no)
    },

    inbox(tenantId: string, userId: string, before: InboxPosition | undefined, limit: number): InboxEntry[] {
      const rows = before
        ? selectBefore.all(tenantId, userId, before.activeAt, before.conversationId, limit)
        : selectNewest.all(tenantId, userId, limit)
      return rows.map((row) => toEntry(row, row))
    },

    inboxEntry(key: ConversationKey, userId: string): InboxEntry | undefined {
      const conversation = find(key)
      const row = conversation && selectEntry.get(conversation.no, userId)
      return row && toEntry(conversation, row)
    },
  }
}

function toEntry(conversation: Conversation, row: EntryColumns): InboxEntry {
  const { userId, role, joinedSequence, deliveredThrough, deliveredAt, readThrough, readAt } = row
  const receipt = { userId, deliveredThrough, deliveredAt, readThrough, readAt }
  return { head: toHead(conversation), role: Number(role), joinedSequence, receipt }
}
