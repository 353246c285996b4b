import type { DatabaseSync } from 'node:sqlite'
import { uuidFromBytes } from '@chat4all/base/ids'
import { IntegrityDefect } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import type { Conversation } from './conversation.ts'
import { prepare } from './statement.ts'
import type { Place, Walk, WalkedChange, WalkedMessage } from './verify-walk.ts'

export type MessageRow = WalkedMessage & { readonly rowid: bigint }
export type ChangeRow = WalkedChange & { readonly sequence: bigint | null }

/** Reads the messages and changes of a conversation after a place, merged in the order of their revisions. */
export function rowReader(db: DatabaseSync) {
  const selectMessages = prepare<MessageRow>(
    db,
    `SELECT rowid, sequence, message_id AS messageId, revision, position, sender AS "from", data FROM messages
     WHERE conversation = ? AND sequence > ? ORDER BY sequence, rowid`,
  )
  const selectChange = prepare<ChangeRow>(
    db,
    `SELECT revision, sequence_at AS sequenceAt, position, at, sequence FROM changes
     WHERE conversation = ? AND revision > ? ORDER BY revision LIMIT 1`,
  )
  return function* (no: bigint, from: Place): Generator<MessageRow | ChangeRow> {
    let change = selectChange.get(no, from.revision)
    for (const message of selectMessages.iterate(no, from.sequence)) {
      for (; change && change.sequenceAt < message.sequence; change = selectChange.get(no, change.revision)) yield change
      yield message
    }
    for (; change; change = selectChange.get(no, change.revision)) yield change
  }
}

/** Checks what needs a look beyond the conversation's next row. */
export function crossChecks(db: DatabaseSync) {
  const selectTwin = prepare<{ readonly conversation: bigint; readonly sequence: bigint }>(
    db,
    'SELECT conversation, sequence FROM messages WHERE tenant = ? AND message_id = ? AND rowid < ?',
  )
  const selectUpdate = prepare<{ readonly revision: bigint }>(
    db,
    'SELECT revision FROM changes WHERE conversation = ? AND revision = ? AND sequence = ?',
  )
  const selectUpdated = prepare<{ readonly revision: bigint }>(db, 'SELECT revision FROM messages WHERE conversation = ? AND sequence = ?')
  const selectReceipts = prepare<{ readonly userId: string; readonly deliveredThrough: bigint; readonly readThrough: bigint }>(
    db,
    `SELECT user_id AS userId, delivered_through AS deliveredThrough, read_through AS readThrough FROM receipts
     WHERE conversation = ?1 AND NOT (0 <= read_through AND read_through <= delivered_through AND delivered_through <= ?2)`,
  )

  return {
    /** After the walk has passed the message. */
    message({ no, tenant, changesFloor }: Conversation, { rowid, sequence, messageId, revision }: MessageRow, walk: Walk): void {
      const twin = selectTwin.get(tenant, messageId, rowid)
      if (twin)
        walk.report(
          IntegrityDefect.MESSAGE_ID_DUPLICATE,
          sequence,
          `message ${uuidFromBytes(messageId)} is also ${twin.sequence} of conversation number ${twin.conversation}`,
        )
      if (revision > walk.place.revision && revision > changesFloor && !selectUpdate.get(no, revision, sequence))
        walk.report(IntegrityDefect.REVISION_GAP, revision, `message ${sequence} has revision ${revision}, which is no change of it`)
    },

    change({ no }: Conversation, { revision, sequence }: ChangeRow, walk: Walk): void {
      if (sequence === null) return
      const message = selectUpdated.get(no, sequence)
      if (!message || message.revision < revision)
        walk.report(IntegrityDefect.REVISION_GAP, revision, `message ${sequence} lacks its change of revision ${revision}`)
    },

    receipts({ no, sequence }: Conversation, walk: Walk): void {
      for (const { userId, deliveredThrough, readThrough } of selectReceipts.all(no, sequence))
        walk.report(
          IntegrityDefect.RECEIPT_INVALID,
          deliveredThrough,
          `${userId}: read ${readThrough}, delivered ${deliveredThrough}, last ${sequence}`,
        )
    },
  }
}
