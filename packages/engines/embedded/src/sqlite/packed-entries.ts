import type { LogEntry } from '@chat4all/ports'

/** Entries on their way back from the worker: one buffer for all bytes. */
export interface PackedEntries {
  readonly positions: Float64Array<ArrayBuffer>
  readonly lengths: Uint32Array<ArrayBuffer>
  readonly bytes: Uint8Array<ArrayBuffer>
}

export function packEntries(rows: readonly { readonly position: number; readonly record: Uint8Array }[]): PackedEntries {
  const bytes = new Uint8Array(rows.reduce((sum, { record }) => sum + record.byteLength, 0))
  let offset = 0
  for (const { record } of rows) {
    bytes.set(record, offset)
    offset += record.byteLength
  }
  return {
    positions: Float64Array.from(rows, ({ position }) => position),
    lengths: Uint32Array.from(rows, ({ record }) => record.byteLength),
    bytes,
  }
}

export function unpackEntries({ positions, lengths, bytes }: PackedEntries): LogEntry[] {
  let offset = 0
  return Array.from(positions, (position, index) => {
    const record = bytes.subarray(offset, offset + lengths[index]!)
    offset += record.byteLength
    return { position: BigInt(position), record }
  })
}
