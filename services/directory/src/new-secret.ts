import { randomBytes } from 'node:crypto'

/** 256 random bits that need no escaping anywhere. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}
