import type { ConversationKey, Partition } from '@chat4all/ports'
import type { CqlClient } from '../cql/client.ts'
import { changeSlices } from './buckets.ts'
import { CREATED, readChanges } from './changes.ts'
import { findConversation } from './conversation.ts'
import { dayOf } from './days.ts'
import type { Progress } from './progress.ts'
import { asOf } from './timestamps.ts'

const DAYS = 'SELECT day FROM change_days WHERE log_partition = ? AND day <= ?'
const CHANGED = `SELECT tenant_id AS "tenantId", conversation_id AS "conversationId", revision AS "lastRevision" FROM changed_conversations
  WHERE log_partition = ? AND day = ?`
const FORGET = `DELETE FROM changed_conversations USING TIMESTAMP ?
  WHERE log_partition = ? AND day = ? AND tenant_id = ? AND conversation_id = ?`
const FORGET_DAY = 'DELETE FROM change_days WHERE log_partition = ? AND day = ?'
const FLOOR = 'UPDATE conversations USING TIMESTAMP ? SET changes_floor = ? WHERE tenant_id = ? AND conversation_id = ?'
const REMOVE = `DELETE FROM changes USING TIMESTAMP ?
  WHERE tenant_id = ? AND conversation_id = ? AND bucket = ? AND revision < ?`

/** Changes looked at in one step. */
const STEP = 500n
/** Conversations worked on together. */
const AT_ONCE = 32

interface ChangedOnDay extends ConversationKey {
  /** Of its last change on the day. */
  readonly lastRevision: bigint
}

/** Drops changes older than a time, the oldest first, with those that stand before them in their conversation. Grows with what has expired. */
export function createExpire(cql: CqlClient, progress: Progress) {
  const expireDay = async (partition: Partition, day: bigint, before: bigint): Promise<number> => {
    const keys = await cql.rows<ChangedOnDay>(CHANGED, [partition, day])
    let dropped = 0
    for (let from = 0; from < keys.length; from += AT_ONCE) {
      const counts = await Promise.all(keys.slice(from, from + AT_ONCE).map((key) => expireConversation(cql, key, before)))
      dropped += counts.reduce((sum, count) => sum + count, 0)
    }
    if (day < dayOf(before)) await forgetDay(cql, partition, day, keys)
    return dropped
  }

  return async (before: bigint): Promise<number> => {
    let dropped = 0
    for (const partition of await progress.partitions())
      for (const { day } of await cql.rows<{ readonly day: bigint }>(DAYS, [partition, dayOf(before)]))
        dropped += await expireDay(partition, day, before)
    return dropped
  }
}

/** A conversation that changes on the day after all comes back with a higher revision. */
async function forgetDay(cql: CqlClient, partition: Partition, day: bigint, keys: readonly ChangedOnDay[]): Promise<void> {
  const statements = keys.map(({ tenantId, conversationId, lastRevision }) => ({
    query: FORGET,
    params: [asOf(lastRevision), partition, day, tenantId, conversationId],
  }))
  await cql.runAll(statements)
  await cql.run(FORGET_DAY, [partition, day])
}

/** First says from where on changes are there, then deletes the others: the row of the last expired one stays, to tell its position. Returns how many went, new messages not counted. */
async function expireConversation(cql: CqlClient, key: ChangedOnDay, before: bigint): Promise<number> {
  const { tenantId, conversationId } = key
  const conversation = await findConversation(cql, key)
  if (!conversation) return 0
  const { changesFloor } = conversation
  const last = key.lastRevision < conversation.revision ? key.lastRevision : conversation.revision
  let [floor, dropped] = [changesFloor, 0]
  for (let from = changesFloor + 1n; from <= last; from += STEP) {
    const to = from + STEP - 1n < last ? from + STEP - 1n : last
    const rows = await readChanges(cql, key, from, to)
    const end = rows.findIndex(({ at }) => at >= before)
    const old = (end < 0 ? rows : rows.slice(0, end)).filter(({ kind }) => kind !== CREATED)
    dropped += old.length
    floor = old.at(-1)?.revision ?? floor
    if (end >= 0) break
  }
  if (floor === changesFloor) return 0
  await cql.run(FLOOR, [asOf(floor), floor, tenantId, conversationId])
  const remove = ({ bucket }: { readonly bucket: bigint }) => cql.run(REMOVE, [asOf(floor), tenantId, conversationId, bucket, floor])
  await Promise.all(changeSlices(changesFloor, floor).map(remove))
  return dropped
}
