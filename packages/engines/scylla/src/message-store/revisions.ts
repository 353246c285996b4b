import type { CqlClient } from '../cql/client.ts'
import { readChanges } from './changes.ts'
import type { Conversation } from './conversation.ts'

/** Changes looked at before halving: who asks is seldom further behind. */
const NEWEST = 64n

/** The revision of a conversation when the log had been applied up to a position. Below the last expired change it is not known: the one before that change stands for it. */
export async function revisionAt(cql: CqlClient, conversation: Conversation, position: bigint): Promise<bigint> {
  const { revision, changesFloor } = conversation
  if (position >= conversation.position) return revision
  if (position <= 0n) return 0n
  const low = revision - NEWEST > changesFloor ? revision - NEWEST : changesFloor
  const newest = await readChanges(cql, conversation, low + 1n, revision)
  const last = newest.findLast((change) => change.position <= position)
  if (last) return last.revision
  if (low > 0n && position < (await positionOf(cql, conversation, low)))
    return low === changesFloor ? changesFloor - 1n : halve(cql, conversation, position, low - 1n)
  return low
}

/** Between the last expired change and `high`. */
async function halve(cql: CqlClient, conversation: Conversation, position: bigint, high: bigint): Promise<bigint> {
  const floor = conversation.changesFloor
  if (floor > 0n && position < (await positionOf(cql, conversation, floor))) return floor - 1n
  let low = floor
  while (low < high) {
    const middle = (low + high + 1n) / 2n
    if ((await positionOf(cql, conversation, middle)) <= position) low = middle
    else high = middle - 1n
  }
  return low
}

async function positionOf(cql: CqlClient, conversation: Conversation, revision: bigint): Promise<bigint> {
  const [change] = await readChanges(cql, conversation, revision, revision)
  if (!change) throw new Error(`conversation ${conversation.conversationId} of tenant ${conversation.tenantId} has no revision ${revision}`)
  return change.position
}
