import { Conflict, type ConversationChange, type ConversationRow, type Directory, type MemberRow, type RequestRow } from '@chat4all/ports'
import { lastOfEach, metadataText } from './columns.ts'
import { CONVERSATION_COLUMNS, type ConversationColumns, toColumns, toConversation } from './conversation-row.ts'
import type { Database, Queries } from './database.ts'
import { writeOutbox } from './outbox.ts'
import { createMissingUsers } from './users.ts'

const INSERT = `INSERT INTO conversations (${CONVERSATION_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

const TAKE_REQUEST = 'INSERT INTO requests (tenant_id, request_key, conversation_id, fingerprint) VALUES ($1, $2, $3, $4)'

const UPDATE = `
UPDATE conversations SET title = coalesce($4, title), metadata = coalesce($5, metadata), version = version + 1, updated_at = $6
WHERE tenant_id = $1 AND conversation_id = $2 AND version = $3 RETURNING ${CONVERSATION_COLUMNS}`

const COUNT_MEMBERS = `
UPDATE conversations SET member_version = member_version + 1,
  member_count = (SELECT count(*) FROM members WHERE tenant_id = $1 AND conversation_id = $2)
WHERE tenant_id = $1 AND conversation_id = $2 RETURNING ${CONVERSATION_COLUMNS}`

const PUT_MEMBERS = `
INSERT INTO members (tenant_id, conversation_id, user_id, role, joined_at)
SELECT $1, $2, given.user_id, given.role, given.joined_at
FROM unnest($3::TEXT[], $4::INT4[], $5::INT8[]) AS given (user_id, role, joined_at)
ON CONFLICT (tenant_id, conversation_id, user_id) DO UPDATE SET role = excluded.role, joined_at = excluded.joined_at`

const REMOVE_MEMBERS = 'DELETE FROM members WHERE tenant_id = $1 AND conversation_id = $2 AND user_id = ANY ($3)'

/** Both begin with the row that all rivals want: it makes them wait for each other, so that outbox numbers rise in the order of the commits. */
export function conversationWrites(db: Database): Pick<Directory, 'createConversation' | 'changeConversation'> {
  return {
    createConversation: (row, members, { request, createUsers, outbox }) =>
      db.transaction(async (tx) => {
        if (request) await takeRequest(tx, request)
        await tx.query(INSERT, ...toColumns(row))
        await createMissingUsers(tx, row.tenantId, createUsers, row.createdAt)
        await putMembers(tx, row, members)
        await writeOutbox(tx, outbox)
      }),
    changeConversation: (change) =>
      db.transaction(async (tx) => {
        const updated = await update(tx, change)
        await createMissingUsers(tx, change.tenantId, change.createUsers, change.updatedAt)
        const counted = await changeMembers(tx, change)
        await writeOutbox(tx, change.outbox)
        return counted ?? updated
      }),
  }
}

async function takeRequest(tx: Queries, { tenantId, requestKey, conversationId, fingerprint }: RequestRow): Promise<void> {
  await tx.query(TAKE_REQUEST, tenantId, requestKey, conversationId, fingerprint)
}

async function update(tx: Queries, change: ConversationChange): Promise<ConversationRow> {
  const { tenantId, conversationId, expectedVersion, title = null, updatedAt } = change
  const metadata = change.metadata ? metadataText(change.metadata) : null
  const [row] = await tx.query<ConversationColumns>(UPDATE, tenantId, conversationId, expectedVersion, title, metadata, updatedAt)
  if (!row) throw new Conflict(`conversation ${conversationId} is not at version ${expectedVersion}`)
  return toConversation(row)
}

/** Undefined when the members stay as they are. */
async function changeMembers(tx: Queries, change: ConversationChange): Promise<ConversationRow | undefined> {
  const { tenantId, conversationId, putMembers: put, removeMembers: removed } = change
  if (put.length + removed.length === 0) return undefined
  await putMembers(tx, change, put)
  if (removed.length > 0) await tx.query(REMOVE_MEMBERS, tenantId, conversationId, removed)
  const [row] = await tx.query<ConversationColumns>(COUNT_MEMBERS, tenantId, conversationId)
  return row && toConversation(row)
}

type ConversationKey = Pick<ConversationRow, 'tenantId' | 'conversationId'>

async function putMembers(tx: Queries, { tenantId, conversationId }: ConversationKey, members: readonly MemberRow[]): Promise<void> {
  if (members.length === 0) return
  const given = lastOfEach(members)
  const userIds = given.map((member) => member.userId)
  const roles = given.map((member) => member.role)
  const times = given.map((member) => member.joinedAt)
  await tx.query(PUT_MEMBERS, tenantId, conversationId, userIds, roles, times)
}
