import type { DatabaseSync } from 'node:sqlite'
import { prepare } from './statement.ts'

/** Changes that one call drops before it lets other writes in. */
const BATCH = 1_000

/** Drops changes older than a time, the oldest first, with those that stand before them in their conversation. Returns how many went; 0: no more. */
export function createExpire(db: DatabaseSync) {
  const selectFloors = prepare<{ readonly conversation: bigint; readonly floor: bigint }>(
    db,
    `SELECT conversation, max(revision) AS floor
     FROM (SELECT conversation, revision FROM changes WHERE at < ? ORDER BY at LIMIT ${BATCH}) GROUP BY conversation`,
  )
  const remove = prepare(db, 'DELETE FROM changes WHERE conversation = ? AND revision < ? AND at IS NOT NULL')
  const removeMark = prepare(db, 'DELETE FROM changes WHERE conversation = ? AND revision < ?')
  const mark = prepare(db, 'UPDATE changes SET at = NULL, sequence = NULL, event = NULL WHERE conversation = ? AND revision = ?')
  const raiseFloor = prepare(db, 'UPDATE conversations SET changes_floor = ? WHERE no = ?')

  return (before: bigint): number => {
    let dropped = 0
    for (const { conversation, floor } of selectFloors.all(before)) {
      dropped += Number(remove.run(conversation, floor).changes) + 1
      removeMark.run(conversation, floor)
      mark.run(conversation, floor)
      raiseFloor.run(floor, conversation)
    }
    return dropped
  }
}
