import type { DatabaseSync } from 'node:sqlite'
import { uuidToBytes } from '@chat4all/base/ids'
import { type ConversationWrites, DuplicateMessageId, type NewMessage } from '@chat4all/ports'
import { changeWriter } from './apply-changes.ts'
import type { KnownHead, KnownHeads } from './known-heads.ts'
import { prepare } from './statement.ts'

/** Stores what a batch of log records brought.
 *
 *  Rows and heads commit together: whatever is at or below the stored head's position is stored, with all that came
 *  after it. Only what is newer is written, so a repeated batch changes nothing, and neither does a batch of a
 *  sequencer that does not know it is stale. */
export function createApply(db: DatabaseSync, heads: KnownHeads) {
  const insertMessages = messageWriter(db)
  const writeChanges = changeWriter(db)

  const store = (writes: ConversationWrites): void => {
    const stored = heads.find(writes.head)
    if (stored && stored.position >= writes.head.position) return
    const saved = heads.save(writes.head, stored)
    const after = stored?.revision ?? 0n
    insertMessages(saved, writes.messages, after)
    writeChanges(saved, writes, after)
  }

  return (writes: readonly ConversationWrites[]): void => {
    for (const conversation of writes) store(conversation)
  }
}

function messageWriter(db: DatabaseSync) {
  const insert = prepare(
    db,
    `INSERT INTO messages (conversation, sequence, tenant, message_id, revision, position, accepted_at, sender, data)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  return ({ no, tenant }: KnownHead, messages: readonly NewMessage[], after: bigint): void => {
    try {
      for (const { sequence, messageId, revision, position, acceptedAt, from, data } of messages)
        if (revision > after) insert.run(no, sequence, tenant, uuidToBytes(messageId), revision, position, acceptedAt, from, data)
    } catch (error) {
      throw isDuplicateId(error) ? new DuplicateMessageId() : error
    }
  }
}

const CONSTRAINT_UNIQUE = 2067

function isDuplicateId(error: unknown): boolean {
  const { errcode, message } = error as Partial<{ errcode: number; message: string }>
  return errcode === CONSTRAINT_UNIQUE && message?.includes('messages.message_id') === true
}
