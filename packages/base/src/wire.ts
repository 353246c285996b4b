/** A piece of an encoded Protobuf message: encoded fields as they are, or one field with its value. Texts and bytes are length-delimited, numbers are varints. */
export type WirePart = Uint8Array | readonly [field: number, value: Uint8Array | string | number | bigint]

const LENGTH_DELIMITED = 2

/** Puts encoded pieces together into one encoded message, in one piece of memory of exactly the right size.
 *
 *  Protobuf fields may come in any order and encodings of one message may be concatenated, so what is encoded once can be
 *  wrapped and extended without decoding it. Values must not be negative. */
export function encodeParts(parts: readonly WirePart[]): Uint8Array {
  let size = 0
  for (const part of parts) size += sizeOf(part)
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  for (const part of parts) at = write(bytes, at, part)
  return bytes
}

function sizeOf(part: WirePart): number {
  if (part instanceof Uint8Array) return part.length
  const [field, value] = part
  if (typeof value === 'number' || typeof value === 'bigint') return varintSize(field << 3) + varintSize(Number(value))
  const length = typeof value === 'string' ? Buffer.byteLength(value) : value.length
  return varintSize(field << 3) + varintSize(length) + length
}

function write(bytes: Buffer, at: number, part: WirePart): number {
  if (part instanceof Uint8Array) {
    bytes.set(part, at)
    return at + part.length
  }
  const [field, value] = part
  if (typeof value === 'number' || typeof value === 'bigint') return writeVarint(bytes, writeVarint(bytes, at, field << 3), Number(value))
  const start = writeVarint(bytes, at, (field << 3) | LENGTH_DELIMITED)
  const length = typeof value === 'string' ? Buffer.byteLength(value) : value.length
  const from = writeVarint(bytes, start, length)
  if (typeof value === 'string') bytes.write(value, from)
  else bytes.set(value, from)
  return from + length
}

/** Numbers up to 2^53: positions, sequences, revisions, microseconds and lengths stay below. */
function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
  return size
}

function writeVarint(bytes: Buffer, at: number, value: number): number {
  let rest = value
  let i = at
  while (rest >= 0x80) {
    bytes[i++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  bytes[i++] = rest
  return i
}
