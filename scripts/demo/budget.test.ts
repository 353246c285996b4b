import { expect, test } from 'vitest'
import { Budget } from './budget.ts'

/** Runs whenever it may, and says how much of the time it did. */
function greedy(budget: Budget, lookMs: number, wholeMs: number): number {
  let usedMs = 0
  let runs = true
  for (let at = lookMs; at <= wholeMs; at += lookMs) {
    if (runs) usedMs += lookMs
    // The kernel tells no less than a hundredth of a second.
    runs = budget.allows(at, Math.floor(usedMs / 10) * 10)
  }
  return usedMs / wholeMs
}

test.each([0.05, 0.1, 0.3, 0.9])('leaves a greedy process %s of the time', (share) => {
  expect(greedy(new Budget(share, { atMs: 0, usedMs: 0 }), 4, 60_000)).toBeCloseTo(share, 2)
})

test('lets a process that wants less run all the time', () => {
  const budget = new Budget(0.5, { atMs: 0, usedMs: 7 })
  for (let at = 10; at < 10_000; at += 10) expect(budget.allows(at, 7 + at * 0.4)).toBe(true)
})

test('does not save up what was not used', () => {
  const budget = new Budget(0.1, { atMs: 0, usedMs: 0 }, 20)
  expect(budget.allows(60_000, 0)).toBe(true)
  expect(budget.allows(60_010, 10)).toBe(true)
  expect(budget.allows(60_030, 30)).toBe(false)
})
