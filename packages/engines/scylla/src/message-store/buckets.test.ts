import { bigInt, assert as holds, property } from 'fast-check'
import { expect, test } from 'vitest'
import { changeSlices, messageBucket, messageSlices } from './buckets.ts'

test('a range in one bucket is one slice', () => {
  expect(messageSlices(1n, 1_023n)).toEqual([{ bucket: 0n, from: 1n, to: 1_023n }])
  expect(changeSlices(4_096n, 4_100n)).toEqual([{ bucket: 1n, from: 4_096n, to: 4_100n }])
})

test('a range over a border is cut at it', () => {
  expect(messageSlices(1_023n, 2_048n)).toEqual([
    { bucket: 0n, from: 1_023n, to: 1_023n },
    { bucket: 1n, from: 1_024n, to: 2_047n },
    { bucket: 2n, from: 2_048n, to: 2_048n },
  ])
})

test('an empty range has no slices', () => {
  expect(messageSlices(5n, 4n)).toEqual([])
})

test('slices cover a range without gaps, each in its bucket', () => {
  const number = bigInt({ min: 1n, max: 10_000n })
  holds(
    property(number, number, (from, length) => {
      let next = from
      for (const slice of messageSlices(from, from + length)) {
        expect(slice.from).toBe(next)
        expect([messageBucket(slice.from), messageBucket(slice.to)]).toEqual([slice.bucket, slice.bucket])
        next = slice.to + 1n
      }
      expect(next).toBe(from + length + 1n)
    }),
  )
})
