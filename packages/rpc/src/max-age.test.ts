import { expect, test } from 'vitest'
import { MaxAge } from './max-age.ts'

const HOUR = 3_600_000
const MINUTE = 60_000

/** Minutes until it is due. */
function lifetime(age: MaxAge): number {
  let minutes = 0
  while (!age.isDue(minutes * MINUTE)) minutes++
  return minutes
}

test('ends everything within a tenth of the age, and not all at once', () => {
  const lifetimes = Array.from({ length: 1_000 }, () => lifetime(new MaxAge(2 * HOUR, MINUTE)))
  expect(Math.min(...lifetimes)).toBeGreaterThanOrEqual(108)
  expect(Math.max(...lifetimes)).toBeLessThanOrEqual(133)
  expect(new Set(lifetimes).size).toBeGreaterThan(10)
})

test('an age of a few rounds is kept as well', () => {
  expect(lifetime(new MaxAge(MINUTE, MINUTE))).toBeLessThanOrEqual(2)
})
