import { createHash } from 'node:crypto'

/** Short, and long enough to tell bodies apart. */
export function hashText(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16)
}

/** A text of about this many bytes that no other message has. */
export function makeText(messageId: string, bytes: number): string {
  return `${messageId} ${'lorem ipsum dolor sit amet '.repeat(Math.ceil(bytes / 27))}`.slice(0, Math.max(bytes, messageId.length))
}
