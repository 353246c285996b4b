import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { MAX_REACTIONS, shownReactions } from '@chat4all/base'
import type { AcceptedDelete, AcceptedEdit, AcceptedReaction } from '@chat4all/gen/chat4all/internal/v1/log_record_pb.js'
import { type Message, MessageSchema, PayloadSchema, ReactionSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import type { StoredMessage } from '@chat4all/ports'
import { encodeMessageEvent, timestampFromMicros } from '../encode.ts'
import type { OrderingConversation } from './conversation.ts'

/** A change of one message, as the log has it. */
export type MessageChange =
  | { readonly case: 'edit'; readonly value: AcceptedEdit }
  | { readonly case: 'delete'; readonly value: AcceptedDelete }
  | { readonly case: 'reaction'; readonly value: AcceptedReaction }

/** Applies an edit, deletion or reaction to a message. A change that has no effect takes no revision: editing what is deleted, reacting twice. */
export function changeMessage(
  conversation: OrderingConversation,
  stored: StoredMessage | undefined,
  change: MessageChange,
  position: bigint,
  at: bigint,
): void {
  const message = current(conversation, stored, change.value.sequence)
  if (message === undefined || !applyChange(message, change, at, conversation.nextRevision)) return conversation.advance({ position })
  const revision = conversation.nextRevision
  if (change.case === 'edit') keepEdit(conversation, message, stored, revision, at)
  if (change.case === 'edit' && change.value.payload !== undefined) message.payload = change.value.payload
  message.revision = revision
  const data = toBinary(MessageSchema, message)
  const sequence = message.sequence
  conversation.rows.updates.push({ sequence, revision, data, eraseEdits: change.case === 'delete' })
  conversation.rows.changes.push({ revision, position, at, sequence })
  conversation.events.push({
    revision,
    position,
    event: encodeMessageEvent('updated', conversation.key.conversationId, revision, at, shown(message)),
  })
  conversation.advance({ revision, position })
}

/** The message as callers see it, encoded. */
function shown(message: Message): Uint8Array {
  return toBinary(MessageSchema, { ...message, reactions: shownReactions(message.reactions) })
}

/** The message with everything that this batch did to it so far. */
function current(conversation: OrderingConversation, stored: StoredMessage | undefined, sequence: bigint): Message | undefined {
  const data =
    conversation.rows.updates.findLast((row) => row.sequence === sequence)?.data ??
    conversation.rows.messages.find((row) => row.sequence === sequence)?.data ??
    stored?.data
  return data === undefined ? undefined : fromBinary(MessageSchema, data)
}

/** Changes the message in place; false if there is nothing to change. A message that already carries `revision` was written by an interrupted run over the same record: the same change is made again. */
function applyChange(message: Message, change: MessageChange, at: bigint, revision: bigint): boolean {
  const interrupted = message.revision >= revision
  switch (change.case) {
    case 'edit':
      if (message.deleteTime !== undefined) return false
      message.editTime = timestampFromMicros(at)
      return true
    case 'delete':
      if (message.deleteTime !== undefined && !interrupted) return false
      delete message.payload
      message.reactions = []
      message.mentions = []
      message.metadata = {}
      // What a newer server put into it may be content, too.
      delete message.$unknown
      message.deleteTime = timestampFromMicros(at)
      message.deletedBy = change.value.deletedBy
      return true
    case 'reaction':
      return (message.deleteTime === undefined && react(message, change.value)) || interrupted
  }
}

/** Adds or takes back one user's reaction; false if that is how it stands. Every user is kept here; what callers see is cut to the first 50. */
function react(message: Message, { emoji, userId, active }: AcceptedReaction): boolean {
  const entry = message.reactions.find((reaction) => reaction.emoji === emoji)
  if ((entry?.userIds.includes(userId) ?? false) === active) return false
  if (entry === undefined) {
    if (message.reactions.length >= MAX_REACTIONS) return false
    message.reactions.push(create(ReactionSchema, { emoji, userIds: [userId], count: 1 }))
    return true
  }
  entry.userIds = active ? [...entry.userIds, userId] : entry.userIds.filter((id) => id !== userId)
  entry.count = entry.userIds.length
  message.reactions = message.reactions.filter((reaction) => reaction.count > 0)
  return true
}

function keepEdit(
  conversation: OrderingConversation,
  message: Message,
  stored: StoredMessage | undefined,
  revision: bigint,
  replacedAt: bigint,
): void {
  // After an interrupted run the row already has the new content: its earlier content was kept then.
  if (message.payload === undefined || (stored !== undefined && stored.revision >= revision)) return
  conversation.rows.edits.push({ sequence: message.sequence, revision, replacedAt, data: toBinary(PayloadSchema, message.payload) })
}
