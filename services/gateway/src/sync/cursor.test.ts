import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeCursor, encodeCursor } from './cursor.ts'

const position = fc.bigInt({ min: 0n, max: 36n ** 12n - 1n })
const positions = fc.array(fc.tuple(fc.nat(255), position), { maxLength: 32 }).map((entries) => new Map(entries))
const page = fc.record({ through: positions, receiptsThrough: position, conversationId: fc.uuid(), revision: position })
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

test.each(['x', 'e30', Buffer.from('{"p":{"0":"-1"},"r":"0"}').toString('base64url'), Buffer.from('[]').toString('base64url'), '%%%'])(
  'refuses %s',
  (token) => {
    expect(() => decodeCursor(token)).toThrow(expect.objectContaining({ reason: 'TOKEN_MISMATCH' }))
  },
)
