import { expect, test } from 'vitest'
import { Limiter } from './limiter.ts'

test('so many tasks run at once, the others follow in order', async () => {
  const limiter = new Limiter(2)
  const started: number[] = []
  const ends: (() => void)[] = []
  const runs = [0, 1, 2, 3].map((n) =>
    limiter.run(() => {
      started.push(n)
      return new Promise<void>((resolve) => ends.push(resolve))
    }),
  )
  expect(started).toEqual([0, 1])
  ends[1]!()
  await runs[1]
  expect(started).toEqual([0, 1, 2])
  ends[0]!()
  await runs[0]
  expect(started).toEqual([0, 1, 2, 3])
  for (const end of ends) end()
  await Promise.all(runs)
})

test('a task that fails gives its place back', async () => {
  const limiter = new Limiter(1)
  await expect(limiter.run(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
  expect(await limiter.run(async () => 'next')).toBe('next')
})
