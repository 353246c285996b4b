import type { Statement } from '../cql/statement.ts'

/** Messages of a conversation that share a partition: at most 64 MiB of bodies. Stored: never changes. */
const MESSAGES = 1_024n
/** Changes of a conversation that share a partition. Stored: never changes. */
const CHANGES = 4_096n

/** A part of a range that lies in one bucket, both ends included. */
export interface Slice {
  readonly bucket: bigint
  readonly from: bigint
  readonly to: bigint
}

export const messageBucket = (sequence: bigint): bigint => sequence / MESSAGES
export const changeBucket = (revision: bigint): bigint => revision / CHANGES

/** Cuts the sequences from one to another, ascending. None if the range is empty. */
export const messageSlices = (from: bigint, to: bigint): Slice[] => slices(from, to, MESSAGES)
/** Cuts the revisions from one to another, ascending. None if the range is empty. */
export const changeSlices = (from: bigint, to: bigint): Slice[] => slices(from, to, CHANGES)

function slices(from: bigint, to: bigint, size: bigint): Slice[] {
  const result: Slice[] = []
  for (let start = from; start <= to; ) {
    const bucket = start / size
    const end = (bucket + 1n) * size - 1n
    result.push({ bucket, from: start, to: end < to ? end : to })
    start = end + 1n
  }
  return result
}

/** Statements by the bucket that they are for. */
export class Buckets {
  readonly #byBucket = new Map<bigint, Statement[]>()

  add(bucket: bigint, statement: Statement): void {
    const statements = this.#byBucket.get(bucket)
    if (statements) statements.push(statement)
    else this.#byBucket.set(bucket, [statement])
  }

  values(): Iterable<readonly Statement[]> {
    return this.#byBucket.values()
  }
}
