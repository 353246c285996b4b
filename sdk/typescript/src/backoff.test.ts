import { expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'
import { ChatError } from './errors.ts'

test('waits longer with each try, up to ten seconds', () => {
  const waits = [1, 2, 3, 20].map((attempt) => backoffMs(attempt, undefined, () => 1))
  expect(waits).toEqual([100, 200, 400, 10_000])
})

test('spreads clients over most of the time', () => {
  expect(backoffMs(20, undefined, () => 0)).toBe(1_000)
})

test('never comes back earlier than the server asks, nor all at the same moment', () => {
  const busy = new ChatError('RATE_LIMITED', 'busy', { code: 'resource_exhausted', retryAfterMs: 3_000 })
  expect(backoffMs(1, busy, () => 0)).toBe(3_000)
  expect(backoffMs(1, busy, () => 1)).toBe(4_500)
})
