import type { ConversationHead, ConversationKey } from '@chat4all/ports'
import type { CqlClient } from '../cql/client.ts'

/** A head with what the store keeps beside it. */
export interface Conversation extends ConversationHead {
  /** Revisions of updates that hold, but may not be in the rows of their messages yet. */
  readonly pending: readonly bigint[]
  /** The last change that expired. */
  readonly changesFloor: bigint
  /** When a receipt last rose, microseconds since 1970. */
  readonly receiptsAt: bigint
}

/** The static columns of `conversations`. */
export interface HeadColumns {
  readonly log_partition: number
  readonly last_sequence: bigint
  readonly last_revision: bigint
  readonly position: bigint | null
  readonly active_at: bigint
  readonly member_count: number
  readonly pending: readonly bigint[] | null
  readonly changes_floor: bigint | null
  readonly receipts_at: bigint | null
}

export const HEAD_COLUMNS =
  'log_partition, last_sequence, last_revision, position, active_at, member_count, pending, changes_floor, receipts_at'

/** Undefined for a row without a head. */
export function toConversation({ tenantId, conversationId }: ConversationKey, row: HeadColumns | undefined): Conversation | undefined {
  if (!row || row.position === null) return undefined
  return {
    tenantId,
    conversationId,
    partition: row.log_partition,
    sequence: row.last_sequence,
    revision: row.last_revision,
    position: row.position,
    activeAt: row.active_at,
    memberCount: row.member_count,
    pending: row.pending ?? [],
    changesFloor: row.changes_floor ?? 0n,
    receiptsAt: row.receipts_at ?? 0n,
  }
}

export function toHead({ pending: _, changesFloor: __, receiptsAt: ___, ...head }: Conversation): ConversationHead {
  return head
}

const SELECT_HEAD = `SELECT DISTINCT tenant_id, conversation_id, ${HEAD_COLUMNS} FROM conversations WHERE tenant_id = ? AND conversation_id = ?`

/** Finds a conversation in its tenant. Its rows beyond the head are of a batch that is not applied yet: no read shows them. */
export async function findConversation(cql: CqlClient, key: ConversationKey): Promise<Conversation | undefined> {
  return toConversation(key, await cql.row<HeadColumns>(SELECT_HEAD, [key.tenantId, key.conversationId]))
}
