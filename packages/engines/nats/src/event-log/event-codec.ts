import type { SequencedEvent } from '@chat4all/ports'

const HEAD_BYTES = 12

/** An event as a message: position, the lengths of both ids, the ids, the event. */
export function encodeEvent({ position, tenantId, conversationId, event }: SequencedEvent): Uint8Array {
  const [tenant, conversation] = [Buffer.from(tenantId), Buffer.from(conversationId)]
  const head = Buffer.allocUnsafe(HEAD_BYTES)
  head.writeBigUInt64BE(position)
  head.writeUInt16BE(tenant.byteLength, 8)
  head.writeUInt16BE(conversation.byteLength, 10)
  return Buffer.concat([head, tenant, conversation, event])
}

export function decodeEvent(message: Uint8Array): SequencedEvent {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  const conversationAt = HEAD_BYTES + bytes.readUInt16BE(8)
  const eventAt = conversationAt + bytes.readUInt16BE(10)
  return {
    position: bytes.readBigUInt64BE(),
    tenantId: bytes.toString('utf8', HEAD_BYTES, conversationAt),
    conversationId: bytes.toString('utf8', conversationAt, eventAt),
    event: message.subarray(eventAt),
  }
}
