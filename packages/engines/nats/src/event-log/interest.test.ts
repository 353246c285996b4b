import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Interest, TRUSTED_MS } from './interest.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('that nobody listens is believed for half a second', async () => {
  let consumers = 0
  const interest = new Interest(async () => consumers)
  expect(await interest.isThere()).toBe(false)
  consumers = 1
  vi.advanceTimersByTime(TRUSTED_MS - 1)
  expect(await interest.isThere()).toBe(false)
  vi.advanceTimersByTime(1)
  expect(await interest.isThere()).toBe(true)
})

test('the half second begins with the question, not with the answer', async () => {
  const counts = [0, 1]
  const interest = new Interest(async () => {
    vi.advanceTimersByTime(TRUSTED_MS)
    return counts.shift()!
  })
  expect(await interest.isThere()).toBe(false)
  expect(await interest.isThere()).toBe(true)
})

test('a question that fails is asked again', async () => {
  const answers = [Promise.reject(new Error('no answer')), Promise.resolve(0)]
  const interest = new Interest(() => answers.shift()!)
  await expect(interest.isThere()).rejects.toThrow('no answer')
  expect(await interest.isThere()).toBe(false)
})
