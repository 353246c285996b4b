import type { DatabaseSync } from 'node:sqlite'
import type { ConversationKey, InboxEntry, InboxPosition, MemberState } from '@chat4all/ports'
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

interface InboxColumns extends Conversation, MemberColumns {
  readonly deliveredThrough: bigint
  readonly deliveredAt: bigint
  readonly readThrough: bigint
  readonly readAt: bigint
}

const INBOX = `SELECT ${CONVERSATION_COLUMNS}, m.user_id AS userId, m.role, m.joined_sequence AS joinedSequence, ${RECEIPT_COLUMNS}
  FROM tenants t
  JOIN members m ON m.tenant = t.no
  JOIN conversations c ON c.no = m.conversation
  LEFT JOIN receipts r ON r.conversation = m.conversation AND r.user_id = m.user_id
  WHERE t.tenant_id = ? AND m.user_id = ? AND m.left_revision IS NULL`

export function createMemberReads(db: DatabaseSync) {
  const find = conversationFinder(db)
  const readMembers = membersReader(db)
  const page = 'ORDER BY c.active_at DESC, c.conversation_id DESC LIMIT ?'
  const selectFirst = prepare<InboxColumns>(db, `${INBOX} ${page}`)
  const selectBefore = prepare<InboxColumns>(db, `${INBOX} AND (c.active_at, c.conversation_id) < (?, ?) ${page}`)
  const selectEntry = prepare<InboxColumns>(db, `${INBOX} AND c.conversation_id = ?`)

  return {
    members(key: ConversationKey): MemberState[] {
      const no = find(key)?.no
      return no === undefined ? [] : readMembers(no)
    },

    inbox(tenantId: string, userId: string, before: InboxPosition | undefined, limit: number): InboxEntry[] {
      const rows = before
        ? selectBefore.all(tenantId, userId, before.activeAt, before.conversationId, limit)
        : selectFirst.all(tenantId, userId, limit)
      return rows.map(toEntry)
    },

    inboxEntry({ tenantId, conversationId }: ConversationKey, userId: string): InboxEntry | undefined {
      const row = selectEntry.get(tenantId, userId, conversationId)
      return row && toEntry(row)
    },
  }
}

function toEntry(row: InboxColumns): InboxEntry {
  const { userId, role, joinedSequence, deliveredThrough, deliveredAt, readThrough, readAt } = row
  return {
    head: toHead(row),
    role: Number(role),
    joinedSequence,
    receipt: { userId, deliveredThrough, deliveredAt, readThrough, readAt },
  }
}
