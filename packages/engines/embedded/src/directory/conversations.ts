import type { DatabaseSync } from 'node:sqlite'
import {
  AlreadyExists,
  Conflict,
  type ConversationChange,
  type ConversationRow,
  type MemberRow,
  type NewOutboxEntry,
  type RequestRow,
} from '@chat4all/ports'
import { metadataText, optional, read, write } from './operation.ts'
import { outboxWriter } from './outbox.ts'
import { userCreator } from './users.ts'

interface ConversationColumns {
  readonly tenant_id: string
  readonly conversation_id: string
  readonly type: number
  readonly title: string
  readonly metadata: string
  readonly partition: number
  readonly private_pair: string | null
  readonly member_count: number
  readonly member_version: number
  readonly version: number
  readonly created_at: number
  readonly updated_at: number
}

interface CreationExtra {
  readonly createUsers: readonly string[]
  readonly request?: RequestRow
  readonly outbox: readonly NewOutboxEntry[]
}

const PUT_MEMBER = `
INSERT INTO members VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET role = excluded.role, joined_at = excluded.joined_at`

const SELECT_MEMBERS = `
SELECT user_id AS userId, role, joined_at AS joinedAt FROM members WHERE tenant_id = ? AND conversation_id = ? AND user_id > ? ORDER BY user_id LIMIT ?`

const SELECT_MEMBER = `
SELECT user_id AS userId, role, joined_at AS joinedAt FROM members WHERE tenant_id = ? AND conversation_id = ? AND user_id = ?`

const UPDATE = `
UPDATE conversations SET title = coalesce(?4, title), metadata = coalesce(?5, metadata), version = version + 1, updated_at = ?6
WHERE tenant_id = ?1 AND conversation_id = ?2 AND version = ?3`

const COUNT_MEMBERS = `
UPDATE conversations SET member_version = member_version + 1,
  member_count = (SELECT count(*) FROM members WHERE tenant_id = ?1 AND conversation_id = ?2)
WHERE tenant_id = ?1 AND conversation_id = ?2`

export function conversationReads(db: DatabaseSync) {
  const select = db.prepare('SELECT * FROM conversations WHERE tenant_id = ? AND conversation_id = ?')
  const selectPrivate = db.prepare('SELECT * FROM conversations WHERE tenant_id = ? AND private_pair = ?')
  const selectRequest = db.prepare(
    'SELECT tenant_id AS tenantId, request_key AS requestKey, conversation_id AS conversationId, fingerprint FROM requests WHERE tenant_id = ? AND request_key = ?',
  )
  const selectMember = db.prepare(SELECT_MEMBER)
  const selectMembers = db.prepare(SELECT_MEMBERS)
  const find = (tenantId: string, conversationId: string) => toConversation(select.get(tenantId, conversationId))
  return {
    conversation: read(find),
    conversations: read((tenantId: string, ids: readonly string[]) => ids.flatMap((id) => find(tenantId, id) ?? [])),
    privateConversation: read((tenantId: string, pair: string) => toConversation(selectPrivate.get(tenantId, pair))),
    request: read((tenantId: string, requestKey: string) => selectRequest.get(tenantId, requestKey)),
    member: read((tenantId: string, conversationId: string, userId: string) => selectMember.get(tenantId, conversationId, userId)),
    members: read((tenantId: string, conversationId: string, after: string, limit: number) =>
      selectMembers.all(tenantId, conversationId, after, limit),
    ),
  }
}

export function conversationWrites(db: DatabaseSync) {
  const insert = db.prepare('INSERT INTO conversations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const selectPair = db.prepare('SELECT 1 FROM conversations WHERE tenant_id = ? AND private_pair = ?')
  const insertRequest = db.prepare('INSERT INTO requests VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING')
  const select = db.prepare('SELECT * FROM conversations WHERE tenant_id = ? AND conversation_id = ?')
  const update = db.prepare(UPDATE)
  const countMembers = db.prepare(COUNT_MEMBERS)
  const putMember = db.prepare(PUT_MEMBER)
  const deleteMember = db.prepare('DELETE FROM members WHERE tenant_id = ? AND conversation_id = ? AND user_id = ?')
  const createUsers = userCreator(db)
  const writeOutbox = outboxWriter(db)

  const putMembers = (key: { readonly tenantId: string; readonly conversationId: string }, members: readonly MemberRow[]) => {
    for (const member of members) putMember.run(key.tenantId, key.conversationId, member.userId, member.role, member.joinedAt)
  }
  const takeRequest = (request: RequestRow) => {
    const { changes } = insertRequest.run(request.tenantId, request.requestKey, request.conversationId, request.fingerprint)
    if (changes === 0) throw new AlreadyExists('request_id')
  }

  return {
    createConversation: write((row: ConversationRow, members: readonly MemberRow[], extra: CreationExtra) => {
      if (extra.request) takeRequest(extra.request)
      if (row.privatePair !== undefined && selectPair.get(row.tenantId, row.privatePair)) throw new AlreadyExists('private_pair')
      createUsers(row.tenantId, extra.createUsers, row.createdAt)
      insert.run(...toColumns(row))
      putMembers(row, members)
      writeOutbox(extra.outbox)
    }),
    changeConversation: write((change: ConversationChange) => {
      const { tenantId, conversationId } = change
      const metadata = change.metadata ? metadataText(change.metadata) : null
      const { changes } = update.run(tenantId, conversationId, change.expectedVersion, change.title ?? null, metadata, change.updatedAt)
      if (changes === 0) throw new Conflict(`conversation ${conversationId} is not at version ${change.expectedVersion}`)
      createUsers(tenantId, change.createUsers, change.updatedAt)
      putMembers(change, change.putMembers)
      for (const userId of change.removeMembers) deleteMember.run(tenantId, conversationId, userId)
      if (change.putMembers.length + change.removeMembers.length > 0) countMembers.run(tenantId, conversationId)
      writeOutbox(change.outbox)
      return toConversation(select.get(tenantId, conversationId))
    }),
  }
}

function toColumns(row: ConversationRow) {
  return [
    row.tenantId,
    row.conversationId,
    row.type,
    row.title,
    metadataText(row.metadata),
    row.partition,
    row.privatePair ?? null,
    row.memberCount,
    row.memberVersion,
    row.version,
    row.createdAt,
    row.updatedAt,
  ] as const
}

function toConversation(columns: unknown): ConversationRow | undefined {
  if (columns === undefined) return undefined
  const row = columns as ConversationColumns
  return {
    tenantId: row.tenant_id,
    conversationId: row.conversation_id,
    type: row.type,
    title: row.title,
    metadata: JSON.parse(row.metadata) as Record<string, string>,
    partition: row.partition,
    ...optional('privatePair', row.private_pair),
    memberCount: row.member_count,
    memberVersion: BigInt(row.member_version),
    version: BigInt(row.version),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
