import type { z } from 'zod'
import { ChatError } from './errors.ts'
import { sha256Hex } from './ids.ts'

/** Everything that decides which rows a listing returns: the RPC, the tenant, for whom, filters. Not the page size, which may change between pages. */
export type PageQuery = readonly (string | number | boolean)[]

/** An opaque token for the page after `position`, good for this query only. `position` is JSON: write 64-bit numbers as strings. */
export function encodePageToken(query: PageQuery, position: unknown): string {
  return Buffer.from(JSON.stringify([fingerprint(query), position])).toString('base64url')
}

/** The position in a token, or undefined for the empty token of a first page. Throws `TOKEN_MISMATCH` for a token of another query and for anything that is no token.
 *
 *  Tokens are not signed: a forged one can name any position, but a position only says where in a listing that the caller may read anyway to go on. */
export function decodePageToken<T>(token: string, query: PageQuery, position: z.ZodType<T>): T | undefined {
  if (token === '') return undefined
  const [bound, value] = parse(token)
  const result = position.safeParse(value)
  if (bound !== fingerprint(query) || !result.success)
    throw new ChatError('TOKEN_MISMATCH', 'The page token does not belong to this query.')
  return result.data
}

function parse(token: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString())
    return Array.isArray(parsed) ? parsed : []
  } catch {
    return []
  }
}

function fingerprint(query: PageQuery): string {
  return sha256Hex(JSON.stringify(query)).slice(0, 16)
}
