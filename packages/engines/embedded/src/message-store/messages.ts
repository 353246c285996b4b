import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { uuidFromBytes, uuidToBytes } from '@chat4all/base/ids'
import type { ConversationHead, ConversationKey, MessageEditRow, RangeDigest, StoredMessage } from '@chat4all/ports'
import { conversationFinder, toHead } from './conversation.ts'
import { prepare } from './statement.ts'

/** A row of `messages`. */
export interface MessageColumns {
  readonly sequence: bigint
  readonly messageId: Uint8Array
  readonly revision: bigint
  readonly acceptedAt: bigint
  readonly from: string
  readonly data: Uint8Array
}

/** The columns of `MessageColumns`, from `messages m`. */
export const MESSAGE_COLUMNS = 'm.sequence, m.message_id AS messageId, m.revision, m.accepted_at AS acceptedAt, m.sender AS "from", m.data'

export function toMessage({ tenantId, conversationId }: ConversationKey, row: MessageColumns): StoredMessage {
  const { sequence, messageId, revision, acceptedAt, from, data } = row
  return { tenantId, conversationId, sequence, messageId: uuidFromBytes(messageId), revision, acceptedAt, from, data }
}

export function createMessageReads(db: DatabaseSync) {
  const find = conversationFinder(db)
  const selectByMessageId = prepare<MessageColumns & { readonly conversationId: string }>(
    db,
    `SELECT ${MESSAGE_COLUMNS}, c.conversation_id AS conversationId
     FROM tenants t JOIN messages m ON m.tenant = t.no JOIN conversations c ON c.no = m.conversation
     WHERE t.tenant_id = ? AND m.message_id = ?`,
  )
  const selectAfter = prepare<MessageColumns>(
    db,
    `SELECT ${MESSAGE_COLUMNS} FROM messages m WHERE conversation = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
  )
  const selectBefore = prepare<MessageColumns>(
    db,
    `SELECT ${MESSAGE_COLUMNS} FROM messages m WHERE conversation = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?`,
  )
  const selectAcceptedAt = prepare<{ readonly acceptedAt: bigint }>(
    db,
    'SELECT accepted_at AS acceptedAt FROM messages WHERE conversation = ? AND sequence = ?',
  )
  const selectEdits = prepare<MessageEditRow>(
    db,
    'SELECT sequence, revision, replaced_at AS replacedAt, data FROM edits WHERE conversation = ? AND sequence = ? ORDER BY revision',
  )
  const selectDigest = prepare<{ readonly sequence: bigint; readonly messageId: Uint8Array; readonly revision: bigint }>(
    db,
    `SELECT sequence, message_id AS messageId, revision FROM messages
     WHERE conversation = ? AND sequence BETWEEN ? AND ? ORDER BY sequence`,
  )
  const selectUnread = prepare<{ readonly sequence: bigint }>(
    db,
    'SELECT sequence FROM messages WHERE conversation = ? AND sequence > ? AND sender <> ? ORDER BY sequence LIMIT ?',
  )

  return {
    heads(keys: readonly ConversationKey[]): (ConversationHead | undefined)[] {
      return keys.map((key) => {
        const row = find(key)
        return row && toHead(row)
      })
    },

    message(tenantId: string, messageId: string): StoredMessage | undefined {
      const row = selectByMessageId.get(tenantId, uuidToBytes(messageId))
      return row && toMessage({ tenantId, conversationId: row.conversationId }, row)
    },

    messages(key: ConversationKey, range: { readonly after: bigint } | { readonly before: bigint }, limit: number): StoredMessage[] {
      const no = find(key)?.no
      if (no === undefined) return []
      const rows =
        'after' in range ? selectAfter.all(no, range.after, limit) : selectBefore.all(no, range.before > 0n ? range.before : MAX, limit)
      return rows.map((row) => toMessage(key, row))
    },

    /** By halving: times rise with the sequence, as far as the clocks of those who accept messages agree. */
    sequenceAt(key: ConversationKey, time: bigint): bigint {
      const conversation = find(key)
      if (!conversation) return 1n
      let [low, high] = [1n, conversation.sequence + 1n]
      while (low < high) {
        const middle = (low + high) / 2n
        if (selectAcceptedAt.get(conversation.no, middle)!.acceptedAt < time) low = middle + 1n
        else high = middle
      }
      return low
    },

    edits(key: ConversationKey, sequence: bigint): MessageEditRow[] {
      const no = find(key)?.no
      return no === undefined ? [] : selectEdits.all(no, sequence)
    },

    unread(key: ConversationKey, userId: string, after: bigint, limit: number): { readonly count: number; readonly first: bigint } {
      const no = find(key)?.no
      const rows = no === undefined ? [] : selectUnread.all(no, after, userId, limit)
      return { count: rows.length, first: rows[0]?.sequence ?? 0n }
    },

    digest(key: ConversationKey, from: bigint, to: bigint): RangeDigest {
      const no = find(key)?.no
      const hash = createHash('sha256')
      const record = Buffer.alloc(32)
      let count = 0n
      if (no !== undefined)
        for (const { sequence, messageId, revision } of selectDigest.iterate(no, from, to)) {
          record.writeBigInt64BE(sequence, 0)
          record.set(messageId, 8)
          record.writeBigInt64BE(revision, 24)
          hash.update(record)
          count++
        }
      return { count, checksum: new Uint8Array(hash.digest()) }
    },
  }
}

/** The largest value of an SQLite integer. */
const MAX = 2n ** 63n - 1n
