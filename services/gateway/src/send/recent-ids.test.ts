import { expect, test } from 'vitest'
import { RecentIds } from './recent-ids.ts'

test('an id belongs to the conversation that used it first, for a minute at least', () => {
  const ids = new RecentIds()
  expect([ids.use('m', 'a', 1_000), ids.use('m', 'a', 2_000), ids.use('m', 'b', 3_000)]).toEqual([true, true, false])
  expect([ids.use('m', 'b', 61_500), ids.use('n', 'b', 61_500)]).toEqual([false, true])
})

test('an id is forgotten after two minutes, busy or not', () => {
  for (const between of [[], [61_500]]) {
    const ids = new RecentIds()
    ids.use('m', 'a', 1_000)
    for (const now of between) ids.use('n', 'a', now)
    expect(ids.use('m', 'b', 200_000)).toBe(true)
  }
})

test('more ids than there is room for push out the oldest', () => {
  const ids = new RecentIds()
  ids.use('first', 'a', 0)
  for (let i = 0; i < 200_000; i++) ids.use(`${i}`, 'a', 1)
  expect(ids.use('first', 'b', 2)).toBe(true)
  expect(ids.use('199999', 'b', 2)).toBe(false)
})
