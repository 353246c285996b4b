import type { Message } from '#gen/chat4all/v1/message_pb.js'

/** What a digest covers of a message. Any {@link Message} fits. */
export type HeldMessage = Pick<Message, 'sequence' | 'messageId' | 'revision'>

const ENTRY_BYTES = 32

/** SHA-256 as `SyncService.GetRangeDigest` defines it: per message sequence (8 bytes), message id (16), revision (8), big-endian, in ascending sequence. */
export async function rangeDigest(messages: readonly HeldMessage[]): Promise<Uint8Array> {
  const bytes = new Uint8Array(messages.length * ENTRY_BYTES)
  const view = new DataView(bytes.buffer)
  messages.forEach(({ sequence, messageId, revision }, index) => {
    const offset = index * ENTRY_BYTES
    view.setBigInt64(offset, sequence)
    bytes.set(uuidBytes(messageId), offset + 8)
    view.setBigInt64(offset + 24, revision)
  })
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}

function uuidBytes(uuid: string): Uint8Array {
  const hex = uuid.replaceAll('-', '')
  return Uint8Array.from({ length: 16 }, (_, index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16))
}
