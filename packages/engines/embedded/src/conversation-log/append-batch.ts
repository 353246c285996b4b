import type { Appended, LogEntry, NewRecord, Partition } from '@chat4all/ports'

interface Append {
  readonly partition: Partition
  readonly record: NewRecord
  readonly keyBytes: number
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: Error) => void
}

/** What the worker answers: new records got `first`, `first + 1`, … in order; the others were there already. */
export interface AppendReply {
  readonly first: number
  /** Positions by index in the batch. Absent when there are none. */
  readonly duplicates?: ReadonlyMap<number, number>
}

/** A record in a packed batch. Views, not copies. */
export interface PackedRecord {
  readonly partition: Partition
  readonly key: Uint8Array
  readonly record: Uint8Array
}

/** Appends that travel to the worker in one buffer. A message with an object for each costs several times as much. */
export class AppendBatch {
  readonly #appends: Append[] = []
  #bytes = 0

  add(partition: Partition, record: NewRecord, keyBytes: number): Promise<Appended> {
    this.#bytes += keyBytes + record.record.byteLength
    return new Promise((resolve, reject) => this.#appends.push({ partition, record, keyBytes, resolve, reject }))
  }

  /** Layout: 32-bit count; partition, key length and record length of each; then key and record of each. */
  pack(): ArrayBuffer {
    const header = new Uint32Array(1 + 3 * this.#appends.length)
    header[0] = this.#appends.length
    const packed = Buffer.allocUnsafeSlow(header.byteLength + this.#bytes)
    let field = 1
    let offset = header.byteLength
    for (const { partition, record, keyBytes } of this.#appends) {
      header[field++] = partition
      header[field++] = keyBytes
      header[field++] = record.record.byteLength
      offset += packed.write(record.key, offset)
      packed.set(record.record, offset)
      offset += record.record.byteLength
    }
    packed.set(new Uint8Array(header.buffer))
    return packed.buffer
  }

  /** Answers every append, and hands what is new to `onNew` in order. */
  settle({ first, duplicates }: AppendReply, onNew: (partition: Partition, entry: LogEntry) => void): void {
    let next = first
    this.#appends.forEach(({ partition, record, resolve }, index) => {
      const known = duplicates?.get(index)
      const position = BigInt(known ?? next++)
      if (known === undefined) onNew(partition, { position, record: record.record })
      resolve({ position, duplicate: known !== undefined })
    })
  }

  fail(error: Error): void {
    for (const { reject } of this.#appends) reject(error)
  }
}

export function unpackAppends(packed: ArrayBuffer): PackedRecord[] {
  const count = new Uint32Array(packed, 0, 1)[0]!
  const header = new Uint32Array(packed, 4, 3 * count)
  const records: PackedRecord[] = []
  let offset = 4 + header.byteLength
  for (let field = 0; field < header.length; field += 3) {
    const keyLength = header[field + 1]!
    const recordLength = header[field + 2]!
    const key = new Uint8Array(packed, offset, keyLength)
    const record = new Uint8Array(packed, offset + keyLength, recordLength)
    records.push({ partition: header[field]!, key, record })
    offset += keyLength + recordLength
  }
  return records
}
