import { createHash, timingSafeEqual } from 'node:crypto'
import type { ApiClientRow } from '@chat4all/ports'

/** Matches no secret: something to compare with when there is no client, so that an unknown id takes as long as a wrong secret. */
const NO_HASH = new Uint8Array(32)

/** SHA-256 is enough for secrets of 256 random bits: there is nothing to guess. */
export function hashSecret(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest()
}

/** Whether a secret opens a client now. Takes the same time whatever the answer. */
export function secretOpens(client: ApiClientRow | undefined, secret: string, now: number): boolean {
  const hash = hashSecret(secret)
  const graceful = client?.previousSecretExpiresAt !== undefined && now < client.previousSecretExpiresAt
  const current = timingSafeEqual(hash, client?.secretHash ?? NO_HASH)
  const previous = timingSafeEqual(hash, client?.previousSecretHash ?? NO_HASH)
  return client !== undefined && client.revokedAt === undefined && (current || (previous && graceful))
}
