import type { ConversationLog } from '@chat4all/ports'
import { expect, test } from 'vitest'
import { isSurelyNew } from './surely-new.ts'

const log = (partitions: number, dedupeWindowMs: number) => ({ partitions, dedupeWindowMs }) as ConversationLog
const DAY = 86_400_000
const now = 1_800_000_000_000
const idAt = (time: number, version = '7') => {
  const hex = time.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-${version}000-8000-000000000000`
}

test.each([
  ['a young id in a log that remembers', log(1, DAY), idAt(now - 1_000), true],
  ['an old id', log(1, DAY), idAt(now - 60_000), false],
  ['an id from the future', log(1, DAY), idAt(now + 1), false],
  ['a random id', log(1, DAY), idAt(now - 1_000, '4'), false],
  ['a young id in one of several partitions', log(2, DAY), idAt(now - 1_000), false],
  ['a young id in a log that soon forgets', log(1, 120_000), idAt(now - 1_000), false],
])('%s', (_, where, id, sure) => {
  expect(isSurelyNew(where, id, BigInt(now) * 1000n)).toBe(sure)
})
