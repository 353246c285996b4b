import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LeaseCache } from './lease-cache.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const cache = () => new LeaseCache<number | undefined>({ max: 10, leaseMs: 2_000 })

test('asks once for callers at the same time, and not again within the lease', async () => {
  const leases = cache()
  const load = vi.fn(async () => 1)
  await Promise.all([leases.get('k', load), leases.get('k', load)])
  expect(leases.get('k', load)).toBe(1)
  expect(load).toHaveBeenCalledOnce()
})

test('asks again when the lease has run out', async () => {
  const leases = cache()
  await leases.get('k', async () => 1)
  vi.advanceTimersByTime(2_001)
  expect(await leases.get('k', async () => 2)).toBe(2)
})

test('asks again after a drop, also when the answer was on its way', async () => {
  const leases = cache()
  let answer = (_: number) => {}
  const slow = leases.get('k', () => new Promise<number>((resolve) => (answer = resolve)))
  leases.drop('k')
  answer(1)
  await slow
  expect(await leases.get('k', async () => 2)).toBe(2)
})

test('keeps neither failures nor absences', async () => {
  const leases = cache()
  await expect(leases.get('k', () => Promise.reject(new Error('away')))).rejects.toThrow('away')
  expect(await leases.get('k', async () => undefined)).toBeUndefined()
  expect(await leases.get('k', async () => 3)).toBe(3)
})
