import type { DatabaseSync } from 'node:sqlite'
import type { ChangedConversation, ChangePage, ConversationKey, MessageStore, StoredChange } from '@chat4all/ports'
import { CONVERSATION_COLUMNS, type Conversation, conversationFinder } from './conversation.ts'
import { MESSAGE_COLUMNS, type MessageColumns, toMessage } from './messages.ts'
import { revisionFinder } from './revisions.ts'
import { prepare } from './statement.ts'

interface ChangeColumns {
  readonly revision: bigint
  readonly at: bigint
  readonly sequence: bigint | null
  readonly event: Uint8Array | null
}

type Range = Parameters<MessageStore['changedConversations']>[2]

export function createSync(db: DatabaseSync) {
  return { changes: changesReader(db), changedConversations: changedConversationsReader(db) }
}

function changesReader(db: DatabaseSync) {
  const find = conversationFinder(db)
  const { messagesAt } = revisionFinder(db)
  const selectChanges = prepare<ChangeColumns>(
    db,
    'SELECT revision, at, sequence, event FROM changes WHERE conversation = ? AND revision > ? AND revision <= ? ORDER BY revision',
  )
  const selectNext = prepare<MessageColumns>(
    db,
    `SELECT ${MESSAGE_COLUMNS} FROM messages m WHERE conversation = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
  )
  const selectOne = prepare<MessageColumns>(db, `SELECT ${MESSAGE_COLUMNS} FROM messages m WHERE conversation = ? AND sequence = ?`)

  /** Merges new messages and other changes: what is no other change is a new message. */
  const readPage = (conversation: Conversation, after: bigint, count: number): StoredChange[] => {
    const { no } = conversation
    const through = after + BigInt(count)
    const others = selectChanges.all(no, after, through)
    const created = selectNext.all(no, messagesAt(no, after), count - others.length)
    const page: StoredChange[] = []
    let [other, message] = [0, 0]
    for (let revision = after + 1n; revision <= through; revision++) {
      if (others[other]?.revision === revision) page.push(toChange(conversation, others[other++]!))
      else page.push(toCreated(conversation, revision, created[message++]))
    }
    return page
  }

  const toChange = (conversation: Conversation, { revision, at, sequence, event }: ChangeColumns): StoredChange => {
    if (event !== null) return { kind: 'conversation', revision, at, event }
    const row = selectOne.get(conversation.no, sequence!)
    if (!row) throw new MissingRow(conversation, revision)
    return { kind: 'message_updated', revision, at, message: toMessage(conversation, row) }
  }

  const toCreated = (conversation: Conversation, revision: bigint, row: MessageColumns | undefined): StoredChange => {
    if (!row) throw new MissingRow(conversation, revision)
    return { kind: 'message_created', revision, at: row.acceptedAt, message: toMessage(conversation, row) }
  }

  return (key: ConversationKey, afterRevision: bigint, limit: number): ChangePage => {
    const conversation = find(key)
    if (!conversation) return { changes: [], revision: 0n, expired: false }
    const { revision, changesFloor } = conversation
    if (afterRevision < changesFloor) return { changes: [], revision, expired: true }
    if (afterRevision >= revision) return { changes: [], revision, expired: false }
    const count = Math.min(limit, Number(revision - afterRevision))
    return { changes: readPage(conversation, afterRevision, count), revision, expired: false }
  }
}

/** The store is damaged: a page that goes on without the row would hide it from clients for good. */
class MissingRow extends Error {
  constructor({ tenantId, conversationId }: ConversationKey, revision: bigint) {
    super(`conversation ${conversationId} of tenant ${tenantId} has no row for revision ${revision}`)
    this.name = 'MissingRow'
  }
}

function changedConversationsReader(db: DatabaseSync) {
  const { revisionAt } = revisionFinder(db)
  const select = prepare<Conversation & { readonly leftRevision: bigint | null }>(
    db,
    `SELECT ${CONVERSATION_COLUMNS}, m.left_revision AS leftRevision
     FROM tenants t JOIN members m ON m.tenant = t.no JOIN conversations c ON c.no = m.conversation
     WHERE t.tenant_id = ? AND m.user_id = ? AND c.conversation_id > ? ORDER BY c.conversation_id`,
  )

  const changeOf = (conversation: Conversation, leftRevision: bigint | null, range: Range): ChangedConversation | undefined => {
    const { conversationId, position, receiptsAt } = conversation
    const after = range.after.get(Number(conversation.partition)) ?? 0n
    const receiptsChanged = leftRevision === null && receiptsAt > 0n && receiptsAt >= range.receiptsSince
    if (position <= after && !receiptsChanged) return undefined
    const afterRevision = revisionAt(conversation, after)
    const throughRevision = revisionAt(conversation, range.through.get(Number(conversation.partition)) ?? 0n)
    const isNews = (revision: bigint) => afterRevision < revision && revision <= throughRevision
    if (leftRevision !== null)
      return isNews(leftRevision) ? { conversationId, afterRevision, throughRevision, leftRevision, receiptsChanged } : undefined
    if (isNews(throughRevision)) return { conversationId, afterRevision, throughRevision, receiptsChanged }
    return receiptsChanged ? { conversationId, afterRevision: throughRevision, throughRevision, receiptsChanged } : undefined
  }

  return (tenantId: string, userId: string, range: Range, afterConversationId: string, limit: number): ChangedConversation[] => {
    const changed: ChangedConversation[] = []
    for (const row of select.iterate(tenantId, userId, afterConversationId)) {
      if (changed.length >= limit) break
      const change = changeOf(row, row.leftRevision, range)
      if (change) changed.push(change)
    }
    return changed
  }
}
