import { describe, expect, test } from 'vitest'
import { packTogether, splitUp } from './pack.ts'
import type { Statement } from './statement.ts'

const statement = (query: string, bytes = 0): Statement => ({ query, params: [new Uint8Array(bytes)] })
const named = (requests: readonly (readonly Statement[])[]) => requests.map((request) => request.map(({ query }) => query).join(''))

describe('groups of statements', () => {
  test('share a request, in their order', () => {
    expect(named(packTogether([[statement('a'), statement('b')], [], [statement('c')]]))).toEqual(['abc'])
  })

  test('stay whole, and go alone when they are large', () => {
    const large = [statement('b', 30_000), statement('c', 30_000)]
    expect(named(packTogether([[statement('a')], large, [statement('d')]]))).toEqual(['a', 'bc', 'd'])
  })

  test('are at most 100 statements and 32 KiB in a request', () => {
    const many = Array.from({ length: 250 }, () => [statement('x', 10)])
    expect(packTogether(many).map(({ length }) => length)).toEqual([100, 100, 50])
    const heavy = Array.from({ length: 5 }, () => [statement('x', 10_000)])
    expect(packTogether(heavy).map(({ length }) => length)).toEqual([3, 2])
  })
})

test('statements on one partition are cut at 100 and at 256 KiB', () => {
  expect(splitUp(Array.from({ length: 101 }, () => statement('x'))).map(({ length }) => length)).toEqual([100, 1])
  expect(splitUp(Array.from({ length: 3 }, () => statement('x', 100_000))).map(({ length }) => length)).toEqual([2, 1])
})
