import type { ChangeRow, ConversationWrites, MessageEditRow, NewMessage, Partition } from '@chat4all/ports'
import type { CqlClient } from '../cql/client.ts'
import { Buckets, changeBucket, messageBucket } from './buckets.ts'
import { CREATED, kindOf } from './changes.ts'
import { findConversation } from './conversation.ts'
import { writeDays } from './days.ts'
import { writeHead, writeIndexes } from './heads.ts'
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

/** Stores what a batch of log records brought: of each conversation first the rows, which nobody sees, then the head, which shows them; then how far the partition is settled. What is interrupted shows nothing that is not complete, and is completed by the same writes. */
export function createApply(cql: CqlClient, progress: Progress) {
  return async (partition: Partition, through: bigint, writes: readonly ConversationWrites[]): Promise<void> => {
    await Promise.all(writes.map((conversation) => applyConversation(cql, conversation)))
    await progress.settle(partition, through)
  }
}

async function applyConversation(cql: CqlClient, batch: ConversationWrites): Promise<void> {
  const writes = await onlyNewUpdates(cql, batch)
  await Promise.all([
    writeRows(cql, writes),
    writeUpdates(cql, writes.head, writes.updates),
    writeIndexes(cql, writes),
    writeDays(cql, writes),
  ])
  await writeHead(cql, writes)
  if (writes.updates.length > 0) await moveUpdates(cql, writes.head, writes.head.position, writes.updates)
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

async function writeRows(cql: CqlClient, { head, messages, edits, changes }: ConversationWrites): Promise<void> {
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
  const writeId = ({ messageId, sequence, position }: NewMessage) =>
    cql.run(MESSAGE_ID, [tenantId, messageId, conversationId, sequence, head.partition, position, firstOf(position)])
  const buckets = [...messageRows.values(), ...editRows.values(), ...changeRows.values()]
  await Promise.all([...messages.map(writeId), ...buckets.map((statements) => cql.runAll(statements))])
}
