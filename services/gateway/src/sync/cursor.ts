import { ChatError, z } from '@chat4all/base'
import type { Partition } from '@chat4all/ports'

/** Where a client stands: it holds everything up to a log position in each partition, and receipts up to a time.
 *
 *  While a long catch-up is paged, it also says how far the present page went: up to a revision of one conversation,
 *  in the order of conversation ids, within the range that ends at `through`. */
export interface Cursor {
  readonly positions: ReadonlyMap<Partition, bigint>
  /** Microseconds since 1970. */
  readonly receiptsSince: bigint
  readonly page?: {
    readonly through: ReadonlyMap<Partition, bigint>
    readonly receiptsThrough: bigint
    readonly conversationId: string
    /** Absent: all of the conversation, its receipts included. */
    readonly revision?: bigint
  }
}

/** 12 digits of base 36: whatever they are, they fit 64 bits. */
const number = z.string().regex(/^[0-9a-z]{1,12}$/)
const positions = z.record(z.string().regex(/^[0-9]{1,4}$/), number)
const schema = z.strictObject({
  p: positions,
  r: number,
  g: z.strictObject({ p: positions, r: number, c: z.string().max(36), v: number.optional() }).optional(),
})

/** An opaque token for a cursor: small, and the same for every client that stands at the same place. */
export function encodeCursor({ positions, receiptsSince, page }: Cursor): string {
  const value: z.infer<typeof schema> = { p: toRecord(positions), r: receiptsSince.toString(36) }
  if (page !== undefined)
    value.g = { p: toRecord(page.through), r: page.receiptsThrough.toString(36), c: page.conversationId, v: page.revision?.toString(36) }
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** Throws TOKEN_MISMATCH for anything that no server of this kind made. */
export function decodeCursor(token: string): Cursor {
  const parsed = schema.safeParse(parse(token))
  if (!parsed.success)
    throw new ChatError(
      'TOKEN_MISMATCH',
      'The cursor was not made by this server. Subscribe without one and read the conversations afresh.',
    )
  const { p, r, g } = parsed.data
  const cursor = { positions: fromRecord(p), receiptsSince: fromBase36(r) }
  if (g === undefined) return cursor
  const page = { through: fromRecord(g.p), receiptsThrough: fromBase36(g.r), conversationId: g.c }
  return { ...cursor, page: g.v === undefined ? page : { ...page, revision: fromBase36(g.v) } }
}

function parse(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString())
  } catch {
    return undefined
  }
}

function toRecord(positions: ReadonlyMap<Partition, bigint>): Record<string, string> {
  return Object.fromEntries([...positions].sort(([a], [b]) => a - b).map(([partition, position]) => [partition, position.toString(36)]))
}

function fromRecord(record: Record<string, string>): Map<Partition, bigint> {
  return new Map(Object.entries(record).map(([partition, position]) => [Number(partition), fromBase36(position)]))
}

function fromBase36(digits: string): bigint {
  let value = 0n
  for (const digit of digits) value = value * 36n + BigInt(Number.parseInt(digit, 36))
  return value
}
