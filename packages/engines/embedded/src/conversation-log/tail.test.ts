import { expect, test } from 'vitest'
import { Tail } from './tail.ts'

const entry = (position: number, size = 1) => ({ position: BigInt(position), record: new Uint8Array(size) })

test('returns what is newer than a position, once', () => {
  const tail = new Tail(5n)
  for (const position of [6, 8, 9]) tail.push(entry(position))
  expect(tail.take(6n).map(({ position }) => position)).toEqual([8n, 9n])
  expect(tail.after).toBe(9n)
  expect(tail.take(9n)).toEqual([])
})

test('forgets everything when there are too many records, and says from where it is complete', () => {
  const tail = new Tail(0n)
  for (let position = 1; position <= 4_097; position += 1) tail.push(entry(position))
  expect(tail.after).toBe(4_097n)
  tail.push(entry(4_098))
  expect(tail.take(4_097n)).toHaveLength(1)
})

test('forgets everything when the records get too large', () => {
  const tail = new Tail(0n)
  for (let position = 1; position <= 65; position += 1) tail.push(entry(position, 64 * 1024))
  expect(tail.after).toBe(65n)
})

test('wakes who waits when a record comes', async () => {
  const tail = new Tail(0n)
  const changed = tail.changed()
  tail.push(entry(1))
  await changed
  expect(tail.take(0n)).toHaveLength(1)
})
