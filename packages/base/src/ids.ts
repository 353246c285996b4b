import { createHash } from 'node:crypto'
import { uuidv7 } from 'uuidv7'

/** A new UUID version 7 (RFC 9562): ordered by time, so that indexes stay compact. */
export function newId(): string {
  return uuidv7()
}

/** When a UUID version 7 was made, by its own account (RFC 9562): milliseconds since 1970. Undefined for other versions. */
export function timeOfId(id: string): number | undefined {
  return id.charAt(14) === '7' ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined
}

/** The 16 bytes of a UUID in its text form. The text must be a valid UUID. */
export function uuidToBytes(id: string): Uint8Array {
  return Buffer.from(id.replaceAll('-', ''), 'hex')
}

/** The lower-case text form of 16 UUID bytes. */
export function uuidFromBytes(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** FNV-1a, 32 bits, over UTF-16 code units: spreads conversations over log partitions. Never changes: its results are stored. */
export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i)
    hash = Math.imul(hash, 0x01000193)
  }
  return hash >>> 0
}

/** SHA-256 of a text or bytes, in hexadecimal. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
