import { InvalidArgumentError } from 'commander'

/** Parsers for option values: Commander turns what they throw into a usage error. */

export function count(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('A whole number, please.')
  return value
}

export function sequence(text: string): bigint {
  if (!/^\d{1,18}$/.test(text)) throw new InvalidArgumentError('The number of a message in its conversation, please.')
  return BigInt(text)
}

/** RFC 3339, or anything that `Date` reads. */
export function instant(text: string): Date {
  const value = new Date(text)
  if (Number.isNaN(value.getTime())) throw new InvalidArgumentError('A time like 2026-01-31 or 2026-01-31T12:00:00Z, please.')
  return value
}
