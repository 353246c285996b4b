import type { DatabaseSync } from 'node:sqlite'
import type { Conversation } from './conversation.ts'
import { prepare } from './statement.ts'

interface ChangePlace {
  readonly revision: bigint
  readonly sequenceAt: bigint
  readonly position: bigint
}

/** Where a conversation begins when none of its changes is at or below a revision. */
const BEGINNING: ChangePlace = { revision: 0n, sequenceAt: 0n, position: 0n }

/** Relates revisions, messages and log positions (see the comment on the tables). */
export function revisionFinder(db: DatabaseSync) {
  const selectChange = prepare<ChangePlace>(
    db,
    `SELECT revision, sequence_at AS sequenceAt, position FROM changes
     WHERE conversation = ? AND revision <= ? ORDER BY revision DESC LIMIT 1`,
  )
  const selectPosition = prepare<{ readonly position: bigint }>(db, 'SELECT position FROM messages WHERE conversation = ? AND sequence = ?')

  /** How many messages there were at a revision that is not below the last expired change. */
  const messagesAt = (no: bigint, revision: bigint): bigint => {
    const change = selectChange.get(no, revision) ?? BEGINNING
    return change.sequenceAt + revision - change.revision
  }

  const positionOf = (no: bigint, revision: bigint): bigint => {
    const change = selectChange.get(no, revision) ?? BEGINNING
    if (change.revision === revision) return change.position
    return selectPosition.get(no, change.sequenceAt + revision - change.revision)!.position
  }

  /** The revision of a conversation when the log had been applied up to a position. Below the last expired change it is not known: the one before that change stands for it. By halving. */
  const revisionAt = ({ no, revision, position: end, changesFloor }: Conversation, position: bigint): bigint => {
    if (position >= end) return revision
    if (position <= 0n) return 0n
    if (changesFloor > 0n && position < positionOf(no, changesFloor)) return changesFloor - 1n
    let [low, high] = [changesFloor, revision]
    while (low < high) {
      const middle = (low + high + 1n) / 2n
      if (positionOf(no, middle) <= position) low = middle
      else high = middle - 1n
    }
    return low
  }

  return { messagesAt, revisionAt }
}
