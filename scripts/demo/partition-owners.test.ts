import { expect, test } from 'vitest'
import type { Member } from '../../packages/testkit/src/index.ts'
import { countPartitions, taken } from './partition-owners.ts'

/** A sequencer whose log tells when it became the owner of which partitions. */
function sequencer(...owns: readonly (readonly [time: number, partition: number])[]): Member {
  const lines = owns.map(([time, partition]) => JSON.stringify({ time, partition, msg: 'owns the partition' }))
  return { process: { log: [JSON.stringify({ time: 0, msg: 'is ready' }), ...lines, ''].join('\n') } } as Member
}

test('counts a partition for whom took it last', () => {
  const first = sequencer([1, 0], [1, 1], [1, 2], [9, 0])
  const second = sequencer([5, 0], [5, 1])
  expect(countPartitions([first, second])).toEqual([2, 1])
})

test('tells what was taken since an instant', () => {
  expect(taken(sequencer([1, 0], [5, 3], [7, 4]), 5).map(({ partition }) => partition)).toEqual([3, 4])
  expect(taken(sequencer())).toEqual([])
})
