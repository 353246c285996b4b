import { expect, it } from 'vitest'
import { equalMetadata } from './metadata.ts'

it.each([
  [{}, {}, true],
  [{ a: '1', b: '2' }, { b: '2', a: '1' }, true],
  [{ a: '1' }, { a: '2' }, false],
  [{ a: '1' }, {}, false],
  [{}, { a: '1' }, false],
  [{ a: '1' }, { b: '1' }, false],
  [{ toString: '1' }, { a: '1' }, false],
])('compares %j and %j', (a: Record<string, string>, b: Record<string, string>, equal) => {
  expect(equalMetadata(a, b)).toBe(equal)
})
