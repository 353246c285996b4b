import type { ChangeRow, ConversationWrites, MessageEditRow, NewMessage, Partition } from '@chat4all/ports'
import type { CqlClient } from '../cql/client.ts'
import { splitUp } from '../cql/pack.ts'
import type { Statement } from '../cql/statement.ts'
import { Buckets, changeBucket, messageBucket } from './buckets.ts'
import { CREATED, kindOf } from './changes.ts'
import { findConversation } from './conversation.ts'
import { writeDays } from './days.ts'
import { headStatements, writeIndexes } from './heads.ts'
import type { Progress } from './progress.ts'
import { asOf, firstOf } from './timestamps.ts'
import { moveUpdates, readPending, writeUpdates } from './updates.ts'

const MESSAGE = `INSERT INTO messages (tenant_id, conversation_id, bucket, sequence, message_id, revision, position, accepted_at, sender, data)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`
const MESSAGE_ID = `INSERT INTO message_ids (tenant_id, message_id, conversation_id, sequence, log_partition, position)
  VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`
const EDIT = `INSERT INTO message_edits (tenant_id, conversation_id, bucket, sequence, revision, replaced_at, data)
  VALUES (?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`
const CHANGE = `INSERT INTO changes (tenant_id, conversation_id, bucket, revision, kind, position, at, sequence, event)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`

/** Stores what a batch of log records brought: first the rows of all conversations, which nobody sees, then their heads, each of which shows what it brings at once; then how far the partition is settled. What is interrupted shows nothing that is not complete, and is completed by the same writes.
 *  Conversations share requests: in a busy partition a request costs more than a row. */
export function createApply(cql: CqlClient, progress: Progress) {
  return async (partition: Partition, through: bigint, batches: readonly ConversationWrites[]): Promise<void> => {
    const writes = await Promise.all(batches.map((batch) => onlyNewUpdates(cql, batch)))
    await Promise.all([cql.runGroups(writes.flatMap(rowGroups)), ...writes.map((conversation) => writeOthers(cql, conversation))])
    await cql.runGroups(writes.map(headStatements))
    await Promise.all(writes.map((conversation) => moveShown(cql, conversation)))
    await progress.settle(partition, through)
  }
}

/** Most batches bring none of these. */
async function writeOthers(cql: CqlClient, writes: ConversationWrites): Promise<void> {
  await Promise.all([writeUpdates(cql, writes.head, writes.updates), writeIndexes(cql, writes), writeDays(cql, writes)])
}

async function moveShown(cql: CqlClient, { head, updates }: ConversationWrites): Promise<void> {
  if (updates.length > 0) await moveUpdates(cql, head, head.position, updates)
}

/** Leaves out updates and edits that the stored head has, once its pending ones have moved: those of a repeated batch are there, and a sequencer that does not know it is stale may have computed them from newer states. New messages and changes follow from the log alone. */
async function onlyNewUpdates(cql: CqlClient, writes: ConversationWrites): Promise<ConversationWrites> {
  if (writes.updates.length === 0 && writes.edits.length === 0) return writes
  const stored = await findConversation(cql, writes.head)
  if (!stored) return writes
  if (stored.pending.length > 0) await moveUpdates(cql, stored, stored.position, await readPending(cql, stored))
  const isNew = ({ revision }: { readonly revision: bigint }) => revision > stored.revision
  return { ...writes, updates: writes.updates.filter(isNew), edits: writes.edits.filter(isNew) }
}

/** What stands in rows of its own, by the partition it goes to. */
function rowGroups({ head, messages, edits, changes }: ConversationWrites): (readonly Statement[])[] {
  const { tenantId, conversationId } = head
  const [messageRows, editRows, changeRows] = [new Buckets(), new Buckets(), new Buckets()]
  const addMessage = ({ sequence, messageId, revision, position, acceptedAt, from, data }: NewMessage) => {
    const bucket = messageBucket(sequence)
    const params = [tenantId, conversationId, bucket, sequence, messageId, revision, position, acceptedAt, from, data, asOf(revision)]
    messageRows.add(bucket, { query: MESSAGE, params })
  }
  const addEdit = ({ sequence, revision, replacedAt, data }: MessageEditRow) => {
    const bucket = messageBucket(sequence)
    editRows.add(bucket, { query: EDIT, params: [tenantId, conversationId, bucket, sequence, revision, replacedAt, data, asOf(revision)] })
  }
  const addChange = (kind: number, { revision, position, at, sequence, event }: ChangeRow) => {
    const bucket = changeBucket(revision)
    const params = [tenantId, conversationId, bucket, revision, kind, position, at, sequence, event, asOf(revision)]
    changeRows.add(bucket, { query: CHANGE, params })
  }
  for (const message of messages) {
    addMessage(message)
    addChange(CREATED, { ...message, at: message.acceptedAt })
  }
  for (const edit of edits) addEdit(edit)
  for (const change of changes) addChange(kindOf(change), change)
  const ids = messages.map(({ messageId, sequence, position }): Statement[] => [
    { query: MESSAGE_ID, params: [tenantId, messageId, conversationId, sequence, head.partition, position, firstOf(position)] },
  ])
  const buckets = [...messageRows.values(), ...editRows.values(), ...changeRows.values()]
  return [...buckets.flatMap(splitUp), ...ids]
}
