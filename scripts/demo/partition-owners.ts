import type { Member } from '../../packages/testkit/src/index.ts'

interface Line {
  readonly time: number
  readonly partition: number
}

const OWNS = '"owns the partition"'

/** When and of which partitions a sequencer has become the owner, by its log, at or after an instant. */
export function taken({ process }: Member, sinceMs = 0): readonly Line[] {
  const lines = process!.log.split('\n').filter((line) => line.includes(OWNS))
  return lines.map((line) => JSON.parse(line) as Line).filter(({ time }) => time >= sinceMs)
}

/** How many partitions each of the sequencers owns: who took one last has it. */
export function countPartitions(sequencers: readonly Member[]): readonly number[] {
  const owners = new Map<number, { readonly time: number; readonly owner: number }>()
  for (const [owner, sequencer] of sequencers.entries())
    for (const { partition, time } of taken(sequencer))
      if (time >= (owners.get(partition)?.time ?? 0)) owners.set(partition, { time, owner })
  return sequencers.map((_, index) => [...owners.values()].filter(({ owner }) => owner === index).length)
}
