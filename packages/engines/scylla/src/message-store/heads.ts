import { fnv1a32 } from '@chat4all/base'
import type { ConversationWrites, MemberWrite } from '@chat4all/ports'
import type { CqlClient } from '../cql/client.ts'
import type { Statement } from '../cql/statement.ts'
import { asOf } from './timestamps.ts'
import { pendingAsOf } from './updates.ts'

const HEAD = `UPDATE conversations USING TIMESTAMP ?
  SET log_partition = ?, last_sequence = ?, last_revision = ?, position = ?, active_at = ?, member_count = ?
  WHERE tenant_id = ? AND conversation_id = ?`
const PENDING = 'UPDATE conversations USING TIMESTAMP ? SET pending = ? WHERE tenant_id = ? AND conversation_id = ?'
const MEMBER = `INSERT INTO conversations (tenant_id, conversation_id, user_id, role, joined_sequence, left_revision, left_sequence)
  VALUES (?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`
const OF_USER = `INSERT INTO user_conversations (tenant_id, user_id, conversation_id, log_partition, left_position)
  VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?`
const OF_TENANT = 'INSERT INTO tenant_conversations (tenant_id, shard, conversation_id) VALUES (?, ?, ?)'

/** Parts of a tenant's list of conversations. Stored: never changes. */
export const TENANT_SHARDS = 32

/** What shows the rows that were written for a batch: head, members and pending updates at once. They say how things stand at the head's position, so that one with a higher position always wins. */
export function headStatements(writes: ConversationWrites): readonly Statement[] {
  const { tenantId, conversationId, partition, sequence, revision, position, activeAt, memberCount } = writes.head
  const at = asOf(position)
  const statements: Statement[] = [
    { query: HEAD, params: [at, partition, sequence, revision, position, activeAt, memberCount, tenantId, conversationId] },
  ]
  if (writes.updates.length > 0) {
    const revisions = writes.updates.map((update) => update.revision)
    statements.push({ query: PENDING, params: [pendingAsOf(position), revisions, tenantId, conversationId] })
  }
  for (const { userId, role, joinedSequence, leftRevision } of lastOfEach(writes.members)) {
    const leftSequence = leftRevision === undefined ? 0n : messagesAt(leftRevision, writes)
    const params = [tenantId, conversationId, userId, role, joinedSequence, leftRevision ?? 0n, leftSequence, at]
    statements.push({ query: MEMBER, params })
  }
  return statements
}

/** Lists the conversation for its members and its tenant, before the head says who is a member: who reads these lists asks the head. */
export async function writeIndexes(cql: CqlClient, writes: ConversationWrites): Promise<void> {
  const { tenantId, conversationId, partition, position } = writes.head
  const ofUser = ({ userId, leftRevision }: MemberWrite) => {
    const leftPosition = leftRevision === undefined ? 0n : positionOf(leftRevision, writes)
    return cql.run(OF_USER, [tenantId, userId, conversationId, partition, leftPosition, asOf(position)])
  }
  await Promise.all(lastOfEach(writes.members).map(ofUser))
  const isFirst = ({ revision }: { readonly revision: bigint }) => revision === 1n
  if (writes.changes.some(isFirst) || writes.messages.some(isFirst))
    await cql.run(OF_TENANT, [tenantId, fnv1a32(conversationId) % TENANT_SHARDS, conversationId])
}

/** Two writes of one row with one timestamp would leave the greater value of each column. */
function lastOfEach(members: readonly MemberWrite[]): MemberWrite[] {
  return [...new Map(members.map((member) => [member.userId, member])).values()]
}

/** The number of messages of the conversation at a revision of the batch. */
function messagesAt(revision: bigint, { head, messages }: ConversationWrites): bigint {
  return head.sequence - BigInt(messages.filter((message) => message.revision > revision).length)
}

function positionOf(revision: bigint, { head, changes }: ConversationWrites): bigint {
  return changes.find((change) => change.revision === revision)?.position ?? head.position
}
