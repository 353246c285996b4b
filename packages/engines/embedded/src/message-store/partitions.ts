import type { DatabaseSync } from 'node:sqlite'
import type { Partition } from '@chat4all/ports'
import { prepare } from './statement.ts'

export function createPartitionReads(db: DatabaseSync) {
  const selectCheckpoint = prepare<{ readonly checkpoint: bigint }>(db, 'SELECT checkpoint FROM partitions WHERE partition = ?')
  const selectSettled = prepare<{ readonly partition: bigint; readonly settled: bigint }>(
    db,
    `SELECT partition, max(position) AS settled
     FROM (SELECT partition, position FROM conversations UNION ALL SELECT partition, checkpoint FROM partitions) GROUP BY partition`,
  )
  return {
    checkpoint: (partition: Partition): bigint => selectCheckpoint.get(partition)?.checkpoint ?? 0n,
    /** Grows with the number of conversations: for the opening of the file. */
    settled: (): Map<Partition, bigint> => new Map(selectSettled.all().map(({ partition, settled }) => [Number(partition), settled])),
  }
}

export function createPartitionWrites(db: DatabaseSync) {
  const raise = prepare(
    db,
    'INSERT INTO partitions (partition, checkpoint) VALUES (?, ?) ON CONFLICT DO UPDATE SET checkpoint = max(checkpoint, excluded.checkpoint)',
  )
  return {
    setCheckpoint: (partition: Partition, through: bigint): void => {
      raise.run(partition, through)
    },
  }
}
