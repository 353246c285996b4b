import type { Message } from '@chat4all/gen/chat4all/v1/message_pb.js'
import { hashText } from '../body.ts'
import type { StoredRow } from '../history.ts'

/** What a message says of itself, wherever it was found. */
export function contents({ sequence, messageId, conversationId, payload }: Message): Omit<StoredRow, 'tenant'> {
  return {
    sequence,
    messageId,
    conversation: conversationId,
    bodyHash: hashText(payload?.content.case === 'text' ? payload.content.value : ''),
  }
}
