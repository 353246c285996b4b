import { expect, test } from 'vitest'
import { OwnTicks } from './own-ticks.ts'

const sent = (sequence: bigint) => ({ conversationId: 'c', sequence }) as Parameters<OwnTicks['sent']>[0]
const receipt = (deliveredThrough: bigint, readThrough: bigint) =>
  ({ userId: 'bruno', deliveredThrough, readThrough }) as Parameters<OwnTicks['take']>[1]

test('tells each step of one’s own messages once', () => {
  const ticks = new OwnTicks()
  ticks.sent(sent(3n))
  expect(ticks.take('c', receipt(3n, 0n))).toEqual([{ tick: 'delivered', through: 3n }])
  expect(ticks.take('c', receipt(3n, 0n))).toEqual([])
  expect(ticks.take('c', receipt(3n, 3n))).toEqual([{ tick: 'read', through: 3n }])
})

test('says nothing about others’ messages', () => {
  const ticks = new OwnTicks()
  expect(ticks.take('c', receipt(5n, 5n))).toEqual([])
  ticks.sent(sent(6n))
  expect(ticks.take('c', receipt(9n, 0n))).toEqual([{ tick: 'delivered', through: 6n }])
  expect(ticks.take('c', receipt(10n, 0n))).toEqual([])
})
