/** ScyllaDB refuses timestamps that lie days in the future. Beyond this bound, which is before 2002, all are equal; then the greater value wins, which is the later one too. */
const LARGEST = 1_000_000_000_000_000n

/** The write timestamp of what holds as of a position, revision or watermark: whatever holds as of a higher one wins. */
export function asOf(number: bigint): bigint {
  return number < LARGEST ? number : LARGEST
}

/** The write timestamp of what belongs to the lowest position that claims it. */
export function firstOf(position: bigint): bigint {
  return LARGEST - asOf(position)
}
