import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { newId } from '@chat4all/base'
import { type ConversationChangeSchema, LogRecordSchema } from '@chat4all/gen/chat4all/internal/v1/log_record_pb.js'
import type { ConversationRow, NewOutboxEntry } from '@chat4all/ports'
import { currentTrace } from '@chat4all/rpc'

const SCHEMA_VERSION = 1

/** What changed: one case of chat4all.internal.v1.ConversationChange. */
export type Changed = NonNullable<MessageInitShape<typeof ConversationChangeSchema>['kind']>

/** The outbox entry that takes a change of a conversation to the log. */
export function outboxEntry(
  conversation: Pick<ConversationRow, 'tenantId' | 'conversationId' | 'partition'>,
  changed: Changed,
  timeMicros: bigint,
): NewOutboxEntry {
  const { tenantId, conversationId, partition } = conversation
  const record = create(LogRecordSchema, {
    schemaVersion: SCHEMA_VERSION,
    tenantId,
    conversationId,
    timeMicros,
    traceparent: currentTrace() ?? '',
    kind: { case: 'conversationChange', value: { kind: changed } },
  })
  return { tenantId, conversationId, partition, key: `${tenantId}:c:${newId()}`, record: toBinary(LogRecordSchema, record) }
}
