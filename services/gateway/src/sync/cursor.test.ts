import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeCursor, encodeCursor } from './cursor.ts'

const position = fc.bigInt({ min: 0n, max: 36n ** 12n - 1n })
const positions = fc.array(fc.tuple(fc.nat(255), position), { maxLength: 32 }).map((entries) => new Map(entries))
const page = fc.record(
  { through: positions, receiptsThrough: position, conversationId: fc.uuid(), revision: position },
  { requiredKeys: ['through', 'receiptsThrough', 'conversationId'] },
)
const cursor = fc.record({ positions, receiptsSince: position, page }, { requiredKeys: ['positions', 'receiptsSince'] })

test('comes back as it went out', () => {
  fc.assert(
    fc.property(cursor, (value) => {
      expect(decodeCursor(encodeCursor(value))).toEqual(value)
    }),
  )
})

test('is the same token for the same place', () => {
  const a = new Map([
    [1, 5n],
    [0, 7n],
  ])
  expect(encodeCursor({ positions: a, receiptsSince: 1n })).toBe(encodeCursor({ positions: new Map([...a].reverse()), receiptsSince: 1n }))
})

const encoded = (json: string) => Buffer.from(json).toString('base64url')

test.each(['x', 'e30', encoded('{"p":{"0":"-1"},"r":"0"}'), encoded('{"p":{},"r":"zzzzzzzzzzzzz"}'), encoded('[]'), '%%%'])(
  'refuses %s',
  (token) => {
    expect(() => decodeCursor(token)).toThrow(expect.objectContaining({ reason: 'TOKEN_MISMATCH' }))
  },
)

test('holds no number that does not fit 64 bits', () => {
  expect(decodeCursor(encoded('{"p":{"0":"zzzzzzzzzzzz"},"r":"zzzzzzzzzzzz"}')).receiptsSince).toBeLessThan(2n ** 63n)
})
