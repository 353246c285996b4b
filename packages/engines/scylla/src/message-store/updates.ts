import type { ConversationKey, MessageUpdate } from '@chat4all/ports'
import type { CqlClient } from '../cql/client.ts'
import { Buckets, messageBucket } from './buckets.ts'
import type { Conversation } from './conversation.ts'
import { asOf } from './timestamps.ts'

/** New states of messages must show together with the head, and no sooner: the sequencer that repeats an interrupted
 *  batch computes them from the states before it. So they wait in rows of their own (`message_updates`), the head that
 *  makes them hold names them (`pending`), and only then do they move into the rows of their messages. Reads that find
 *  pending ones look at them first; whoever finds them when it applies the next updates finishes the move. */

const WRITE = `INSERT INTO message_updates (tenant_id, conversation_id, revision, sequence, data, erase_edits)
  VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`
const READ = `SELECT sequence, data, erase_edits AS "eraseEdits" FROM message_updates
  WHERE tenant_id = ? AND conversation_id = ? AND revision = ?`
const REMOVE = 'DELETE FROM message_updates USING TIMESTAMP ? WHERE tenant_id = ? AND conversation_id = ? AND revision = ?'
const MOVE = `UPDATE messages USING TIMESTAMP ? SET revision = ?, data = ?
  WHERE tenant_id = ? AND conversation_id = ? AND bucket = ? AND sequence = ?`
const ERASE = `DELETE FROM message_edits USING TIMESTAMP ?
  WHERE tenant_id = ? AND conversation_id = ? AND bucket = ? AND sequence = ? AND revision <= ?`
const CLEAR = 'UPDATE conversations USING TIMESTAMP ? SET pending = ? WHERE tenant_id = ? AND conversation_id = ?'

/** The write timestamps of `pending`: what a head brings, and what says that it has moved, which is newer than it and older than the next head. */
export const pendingAsOf = (position: bigint): bigint => asOf(position * 2n)
const movedAsOf = (position: bigint): bigint => asOf(position * 2n + 1n)

/** Writes updates for a head that is about to name them. */
export async function writeUpdates(
  cql: CqlClient,
  { tenantId, conversationId }: ConversationKey,
  updates: readonly MessageUpdate[],
): Promise<void> {
  const write = ({ revision, sequence, data, eraseEdits }: MessageUpdate) =>
    cql.run(WRITE, [tenantId, conversationId, revision, sequence, data, eraseEdits, asOf(revision)])
  await Promise.all(updates.map(write))
}

/** The updates that a head names. One that is gone is in the row of its message: read that afterwards. */
export async function readPending(cql: CqlClient, { tenantId, conversationId, pending }: Conversation): Promise<MessageUpdate[]> {
  const read = async (revision: bigint): Promise<MessageUpdate[]> => {
    const row = await cql.row<Omit<MessageUpdate, 'revision'>>(READ, [tenantId, conversationId, revision])
    return row ? [{ sequence: row.sequence, revision, data: new Uint8Array(row.data), eraseEdits: row.eraseEdits }] : []
  }
  return (await Promise.all(pending.map(read))).flat()
}

/** Moves updates into the rows of their messages, after the head at `position` or an earlier one has named them. */
export async function moveUpdates(
  cql: CqlClient,
  key: ConversationKey,
  position: bigint,
  updates: readonly MessageUpdate[],
): Promise<void> {
  const { tenantId, conversationId } = key
  const [moves, erasures] = [new Buckets(), new Buckets()]
  for (const { sequence, revision, data, eraseEdits } of updates) {
    const bucket = messageBucket(sequence)
    moves.add(bucket, { query: MOVE, params: [asOf(revision), revision, data, tenantId, conversationId, bucket, sequence] })
    if (eraseEdits) erasures.add(bucket, { query: ERASE, params: [asOf(revision), tenantId, conversationId, bucket, sequence, revision] })
  }
  await Promise.all([...moves.values(), ...erasures.values()].map((statements) => cql.runAll(statements)))
  await Promise.all(updates.map(({ revision }) => cql.run(REMOVE, [asOf(revision), tenantId, conversationId, revision])))
  await cql.run(CLEAR, [movedAsOf(position), [], tenantId, conversationId])
}
