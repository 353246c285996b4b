import { expect, test } from 'vitest'
import { ConversationRate } from './conversation-rate.ts'

const limits = { conversationSendsPerSecond: 100, conversationBurstSeconds: 2 }

/** How many of `tries` at one moment get through. */
function passed(rate: ConversationRate, conversationId: string, now: number, tries = 1_000): number {
  let count = 0
  for (let i = 0; i < tries; i++) {
    try {
      rate.take(conversationId, now)
      count++
    } catch {}
  }
  return count
}

test('lets a burst through, then as many as the rate allows', () => {
  const rate = new ConversationRate(limits)
  expect(passed(rate, 'hot', 5_000)).toBe(200)
  expect(passed(rate, 'hot', 5_000)).toBe(0)
  expect(passed(rate, 'hot', 5_100)).toBe(10)
  let sum = 0
  for (let now = 5_110; now <= 15_100; now += 10) sum += passed(rate, 'hot', now, 5)
  expect(sum).toBe(1_000)
})

test('fills up again, and no further', () => {
  const rate = new ConversationRate(limits)
  passed(rate, 'hot', 0)
  expect(passed(rate, 'hot', 1_000)).toBe(100)
  expect(passed(rate, 'hot', 60_000)).toBe(200)
})

test('keeps conversations apart', () => {
  const rate = new ConversationRate(limits)
  passed(rate, 'hot', 0)
  expect(passed(rate, 'other', 0)).toBe(200)
})

test('says the rate and when to come back', () => {
  const rate = new ConversationRate({ conversationSendsPerSecond: 1, conversationBurstSeconds: 1 })
  rate.take('hot', 0)
  expect(() => rate.take('hot', 999)).toThrow(
    expect.objectContaining({ reason: 'RATE_LIMITED', retryAfterMs: 1_000, metadata: { limit: '1', scope: 'conversation' } }),
  )
  rate.take('hot', 1_000)
})

test('remembers a conversation that is hot while many others come and go', () => {
  const rate = new ConversationRate(limits)
  let sum = 0
  for (let now = 0; now < 10_000; now++) {
    sum += passed(rate, 'hot', now, 1)
    for (let i = 0; i < 5; i++) rate.take(`other-${now}-${i}`, now)
  }
  expect(sum).toBeLessThanOrEqual(200 + 1_000)
})

test('forgets what it has no memory for', () => {
  const rate = new ConversationRate(limits)
  expect(passed(rate, 'first', 1)).toBe(200)
  for (let i = 0; i < 200_000; i++) rate.take(`other-${i}`, 1)
  expect(passed(rate, 'first', 1)).toBe(200)
})
