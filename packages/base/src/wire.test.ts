import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeParts } from './wire.ts'

test('encodes fields as the Protobuf encoding guide shows', () => {
  expect(Buffer.from(encodeParts([[1, 150]])).toString('hex')).toBe('089601')
  expect(Buffer.from(encodeParts([[2, 'testing']])).toString('hex')).toBe('120774657374696e67')
  expect(Buffer.from(encodeParts([new Uint8Array([8, 1]), [16, 0n]])).toString('hex')).toBe('0801800100')
})

test('comes back the same when read as tag, length and value', () => {
  const field = fc.integer({ min: 1, max: 5_000 })
  const value = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }), fc.string({ unit: 'grapheme' }), fc.uint8Array({ maxLength: 300 }))
  fc.assert(
    fc.property(fc.array(fc.tuple(field, value), { maxLength: 8 }), (parts) => {
      expect(read(encodeParts(parts))).toEqual(
        parts.map(([no, v]) => [no, typeof v === 'bigint' ? v : Buffer.from(v as string).toString('hex')]),
      )
    }),
  )
})

function read(bytes: Uint8Array): unknown[] {
  const fields: unknown[] = []
  let at = 0
  const varint = () => {
    let result = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!
      result |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return result
    }
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const number = varint()
    if ((tag & 7) === 0) fields.push([tag >> 3, number])
    else {
      fields.push([tag >> 3, Buffer.from(bytes.subarray(at, at + Number(number))).toString('hex')])
      at += Number(number)
    }
  }
  return fields
}
