import type { DatabaseSync } from 'node:sqlite'
import type { ConversationHead, ConversationKey } from '@chat4all/ports'
import { prepare } from './statement.ts'

/** A row of `conversations`. */
export interface Conversation {
  readonly no: bigint
  readonly tenant: bigint
  readonly tenantId: string
  readonly conversationId: string
  readonly partition: bigint
  readonly sequence: bigint
  readonly revision: bigint
  readonly position: bigint
  readonly activeAt: bigint
  readonly memberCount: bigint
  readonly receiptsAt: bigint
  readonly changesFloor: bigint
}

/** The columns of a `Conversation`, from `conversations c JOIN tenants t`. */
export const CONVERSATION_COLUMNS = `c.no, c.tenant, t.tenant_id AS tenantId, c.conversation_id AS conversationId, c.partition, c.sequence,
  c.revision, c.position, c.active_at AS activeAt, c.member_count AS memberCount, c.receipts_at AS receiptsAt, c.changes_floor AS changesFloor`

/** Finds the row of a conversation in its tenant. */
export function conversationFinder(db: DatabaseSync): (key: ConversationKey) => Conversation | undefined {
  const select = prepare<Conversation>(
    db,
    `SELECT ${CONVERSATION_COLUMNS} FROM tenants t JOIN conversations c ON c.tenant = t.no WHERE t.tenant_id = ? AND c.conversation_id = ?`,
  )
  return ({ tenantId, conversationId }) => select.get(tenantId, conversationId)
}

export function toHead(row: Conversation): ConversationHead {
  const { tenantId, conversationId, sequence, revision, position, activeAt } = row
  return {
    tenantId,
    conversationId,
    partition: Number(row.partition),
    sequence,
    revision,
    position,
    activeAt,
    memberCount: Number(row.memberCount),
  }
}
