import type { AcceptedMessage } from '@chat4all/gen/chat4all/internal/v1/log_record_pb.js'
import { encodeMessageEvent, numberMessage } from '../encode.ts'
import type { OrderingConversation } from './conversation.ts'

/** Gives an accepted message the next sequence and revision of its conversation. */
export function orderMessage(conversation: OrderingConversation, accepted: AcceptedMessage, position: bigint, acceptedAt: bigint): void {
  const sequence = conversation.nextSequence
  const revision = conversation.nextRevision
  const data = numberMessage(accepted.message, sequence, revision)
  conversation.rows.messages.push({ sequence, messageId: accepted.messageId, revision, position, acceptedAt, from: accepted.from, data })
  conversation.events.push({
    revision,
    position,
    event: encodeMessageEvent('created', conversation.key.conversationId, revision, acceptedAt, data),
  })
  conversation.advance({ sequence, revision, position, activeAt: acceptedAt })
}
