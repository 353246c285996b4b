import type { ConversationRow } from '@chat4all/ports'
import { metadataText, optional, parseMetadata } from './columns.ts'

/** A row of the table. */
export interface ConversationColumns {
  readonly tenant_id: string
  readonly conversation_id: string
  readonly type: number
  readonly title: string
  readonly metadata: string
  readonly partition: number
  readonly private_pair: string | null
  readonly member_count: number
  readonly member_version: bigint
  readonly version: bigint
  readonly created_at: bigint
  readonly updated_at: bigint
}

export const CONVERSATION_COLUMNS =
  'tenant_id, conversation_id, type, title, metadata, partition, private_pair, member_count, member_version, version, created_at, updated_at'

export function toColumns(row: ConversationRow) {
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

export function toConversation(row: ConversationColumns): ConversationRow {
  return {
    tenantId: row.tenant_id,
    conversationId: row.conversation_id,
    type: row.type,
    title: row.title,
    metadata: parseMetadata(row.metadata),
    partition: row.partition,
    ...optional('privatePair', row.private_pair),
    memberCount: row.member_count,
    memberVersion: row.member_version,
    version: row.version,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  }
}
