import type { Directory, MemberRow, RequestRow } from '@chat4all/ports'
import { inOrder } from './columns.ts'
import { CONVERSATION_COLUMNS, type ConversationColumns, toConversation } from './conversation-row.ts'
import type { Database } from './database.ts'

interface MemberColumns {
  readonly user_id: string
  readonly role: number
  readonly joined_at: bigint
}

const SELECT = `SELECT ${CONVERSATION_COLUMNS} FROM conversations WHERE tenant_id = $1 AND conversation_id = ANY ($2)`
const SELECT_PRIVATE = `SELECT ${CONVERSATION_COLUMNS} FROM conversations WHERE tenant_id = $1 AND private_pair = $2`

const SELECT_REQUEST = `
SELECT tenant_id AS "tenantId", request_key AS "requestKey", conversation_id AS "conversationId", fingerprint
FROM requests WHERE tenant_id = $1 AND request_key = $2`

const SELECT_MEMBER = 'SELECT user_id, role, joined_at FROM members WHERE tenant_id = $1 AND conversation_id = $2 AND user_id = $3'

const SELECT_MEMBERS = `
SELECT user_id, role, joined_at FROM members WHERE tenant_id = $1 AND conversation_id = $2 AND user_id > $3 ORDER BY user_id LIMIT $4`

type Methods = Pick<Directory, 'conversation' | 'conversations' | 'privateConversation' | 'request' | 'member' | 'members'>

export function conversationReads(db: Database): Methods {
  const find = async (tenantId: string, ids: readonly string[]) => {
    const rows = await db.query<ConversationColumns>(SELECT, tenantId, ids)
    return inOrder(ids, rows.map(toConversation), (row) => row.conversationId)
  }
  return {
    async conversation(tenantId, conversationId) {
      const [row] = await find(tenantId, [conversationId])
      return row
    },
    conversations: find,
    async privateConversation(tenantId, pair) {
      const [row] = await db.query<ConversationColumns>(SELECT_PRIVATE, tenantId, pair)
      return row && toConversation(row)
    },
    async request(tenantId, requestKey) {
      const [row] = await db.query<RequestRow>(SELECT_REQUEST, tenantId, requestKey)
      return row
    },
    async member(tenantId, conversationId, userId) {
      const [row] = await db.query<MemberColumns>(SELECT_MEMBER, tenantId, conversationId, userId)
      return row && toMember(row)
    },
    async members(tenantId, conversationId, after, limit) {
      return (await db.query<MemberColumns>(SELECT_MEMBERS, tenantId, conversationId, after, limit)).map(toMember)
    },
  }
}

function toMember(row: MemberColumns): MemberRow {
  return { userId: row.user_id, role: row.role, joinedAt: Number(row.joined_at) }
}
