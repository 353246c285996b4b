import { uuidv7obj } from 'uuidv7'
import { expect, test } from 'vitest'
import { isFreshId } from './fresh-id.ts'

const now = 1_800_000_000_000
const idOf = (time: number) => {
  const hex = time.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}

test.each([
  ['made now', idOf(now), true],
  ['made within the window', idOf(now - 54_000), true],
  ['made before the window', idOf(now - 56_000), false],
  ['made in the future', idOf(now + 1), false],
  ['of version 4', '6ba7b810-9dad-4d1d-80b4-00c04fd430c8', false],
])('an id %s', (_, id, fresh) => {
  expect(isFreshId(id, now)).toBe(fresh)
})

test('knows the ids that the library makes', () => {
  expect(isFreshId(uuidv7obj().toString(), Date.now() + 1)).toBe(true)
})
