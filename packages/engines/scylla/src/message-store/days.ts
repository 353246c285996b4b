import type { ConversationWrites } from '@chat4all/ports'
import type { CqlClient } from '../cql/client.ts'
import { asOf } from './timestamps.ts'

const DAY = 'INSERT INTO change_days (log_partition, day) VALUES (?, ?)'
const CHANGED = `INSERT INTO changed_conversations (log_partition, day, tenant_id, conversation_id, revision)
  VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?`

const MICROS_PER_DAY = 86_400_000_000n

/** The day of a time in microseconds since 1970. */
export function dayOf(at: bigint): bigint {
  return at / MICROS_PER_DAY
}

/** Notes on which days a conversation has changes that can expire, and the last of each day, so that they are found when they do. */
export async function writeDays(cql: CqlClient, { head, changes }: ConversationWrites): Promise<void> {
  const { tenantId, conversationId, partition } = head
  const lastOfDay = new Map(changes.map(({ at, revision }) => [dayOf(at), revision]))
  await Promise.all(
    [...lastOfDay].flatMap(([day, revision]) => [
      cql.run(DAY, [partition, day]),
      cql.run(CHANGED, [partition, day, tenantId, conversationId, revision, asOf(revision)]),
    ]),
  )
}
