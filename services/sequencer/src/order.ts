import { fromBinary } from '@bufbuild/protobuf'
import { type LogRecord, LogRecordSchema } from '@chat4all/gen/chat4all/internal/v1/log_record_pb.js'
import type { ConversationKey, LogEntry, LogPlace, StoredMessage } from '@chat4all/ports'
import { changeConversation } from './domain/change-conversation.ts'
import { changeMessage } from './domain/change-message.ts'
import { type OrderedState, OrderingConversation } from './domain/conversation.ts'
import { orderMessage } from './domain/order-message.ts'

/** The highest that this server reads. What raises it, and why readers come first: docs/adr/0014-readers-before-writers.md. */
const SCHEMA_VERSION = 1

/** A log entry with its record decoded. */
export interface Decoded {
  readonly position: bigint
  readonly record: LogRecord
}

/** What must be known before a batch can be ordered. Everything in it follows from the log before the batch. */
export interface Known {
  readonly states: { get(key: string): OrderedState | undefined }
  /** Where the message that holds an id stands, by `idKey`. */
  readonly holders: ReadonlyMap<string, LogPlace>
  /** Whether the store can hold an id only once. */
  readonly uniqueIds: boolean
  /** Messages that the batch changes, by `idKey`. */
  readonly messages: ReadonlyMap<string, StoredMessage>
}

export function conversationKey({ tenantId, conversationId }: ConversationKey): string {
  return `${tenantId}/${conversationId}`
}

export function idKey(tenantId: string, messageId: string): string {
  return `${tenantId}/${messageId}`
}

/** Entries decoded, as far as this server can read them. */
export interface Readable {
  readonly batch: readonly Decoded[]
  /** The first one that it can't read, and why. Nothing behind it may be looked at: whoever reads it comes first. */
  readonly unreadable?: { readonly position: bigint; readonly why: string }
}

export function decode(entries: readonly LogEntry[]): Readable {
  const batch: Decoded[] = []
  for (const { position, record: bytes } of entries) {
    const record = fromBinary(LogRecordSchema, bytes)
    const why = whyUnreadable(record)
    if (why !== undefined) return { batch, unreadable: { position, why } }
    batch.push({ position, record })
  }
  return { batch }
}

function whyUnreadable({ schemaVersion, kind, $unknown }: LogRecord): string | undefined {
  if (schemaVersion > SCHEMA_VERSION) return `it has schema version ${schemaVersion}, and this server reads up to ${SCHEMA_VERSION}`
  const isUnknownKind = kind.case === undefined && $unknown !== undefined
  const isUnknownChange = kind.case === 'conversationChange' && kind.value.kind.case === undefined && kind.value.$unknown !== undefined
  return isUnknownKind || isUnknownChange ? 'it is of a kind that this server does not know' : undefined
}

/** Orders a batch: a pure function of the log, so that whoever runs it writes the same rows. */
export function order(partition: number, batch: readonly Decoded[], known: Known): OrderingConversation[] {
  const conversations = new Map<string, OrderingConversation>()
  const seen = new Set<string>()
  for (const { position, record } of batch) {
    const key = conversationKey(record)
    let conversation = conversations.get(key)
    if (conversation === undefined) {
      conversation = new OrderingConversation(
        { tenantId: record.tenantId, conversationId: record.conversationId },
        partition,
        known.states.get(key),
      )
      conversations.set(key, conversation)
    }
    if (conversation.isApplied(position)) conversation.metAgain = true
    else orderRecord(conversation, position, record, known, seen)
  }
  return [...conversations.values()]
}

function orderRecord(conversation: OrderingConversation, position: bigint, record: LogRecord, known: Known, seen: Set<string>): void {
  const { kind, tenantId, timeMicros } = record
  switch (kind.case) {
    case 'message': {
      const id = idKey(tenantId, kind.value.messageId)
      if (seen.has(id) || isRepeat(known, id, conversation.head.partition, position)) return conversation.advance({ position })
      seen.add(id)
      return orderMessage(conversation, kind.value, position, timeMicros)
    }
    case 'edit':
    case 'delete':
    case 'reaction':
      return changeMessage(conversation, known.messages.get(idKey(tenantId, kind.value.messageId)), kind, position, timeMicros)
    case 'conversationChange':
      return changeConversation(conversation, kind.value, position, timeMicros)
    case undefined:
      return conversation.advance({ position })
  }
}

/** In its own partition, an id that a smaller position holds is a repeat that the log's window missed; one that this position or a higher one holds is what an interrupted run over the same record left.
 *  Who holds it in another partition took it at the same moment, which no client may do. A store that can have both gets both: what a partition holds follows from its own log. */
function isRepeat({ holders, uniqueIds }: Known, id: string, partition: number, position: bigint): boolean {
  const holder = holders.get(id)
  if (holder === undefined) return false
  return holder.partition === partition ? holder.position < position : uniqueIds
}
