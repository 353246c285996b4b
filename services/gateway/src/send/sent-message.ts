import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { ChatError, encodeParts } from '@chat4all/base'
import { type AcceptedMessage, AcceptedMessageSchema, LogRecordSchema } from '@chat4all/gen/chat4all/internal/v1/log_record_pb.js'
import { type Message, MessageSchema, type Payload } from '@chat4all/gen/chat4all/v1/message_pb.js'
import type { SendMessageRequest } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { currentTrace } from '@chat4all/rpc'
import { microsFromTimestamp } from '../mapping.ts'

/** Of the log records that gateways write. */
export const SCHEMA_VERSION = 1

const ACCEPTED = AcceptedMessageSchema.field

/** What callers may send. Files come with their own service; system notes are the server's. */
const SENDABLE = new Set(['text', 'location', 'contact'])

/** Checks that callers may send this kind of content, and names its type. */
export function sendablePayload(payload: Payload | undefined): Payload {
  const kind = payload?.content.case
  if (payload === undefined || kind === undefined || !SENDABLE.has(kind))
    throw new ChatError('PAYLOAD_UNSUPPORTED', `A payload of type "${kind}" can't be sent: use text, location or contact.`, {
      fields: [{ field: 'payload', description: 'unsupported type' }],
    })
  if (payload.type !== '' && payload.type !== kind)
    throw new ChatError('FIELD_INVALID', `payload.type: must be absent or "${kind}", the content that is set.`, {
      fields: [{ field: 'payload.type', description: `must be absent or "${kind}"` }],
    })
  payload.type = kind
  return payload
}

/** The message as it is accepted: without its place in the order, which the sequencer adds. */
export function sentMessage(
  request: SendMessageRequest,
  messageId: string,
  conversationId: string,
  from: string,
  acceptedAtMs: number,
): Message {
  return create(MessageSchema, {
    messageId,
    conversationId,
    from,
    payload: sendablePayload(request.payload),
    replyTo: request.replyTo.toLowerCase(),
    mentions: request.mentions,
    channels: request.channels,
    metadata: request.metadata,
    createTime: timestampFromMs(acceptedAtMs),
  })
}

/** The log record of an accepted message. The message is encoded here, once, for the log, the store and every subscriber. */
export function encodeRecord(tenantId: string, message: Message): Uint8Array {
  const { messageId, conversationId, from, createTime } = message
  const head = create(LogRecordSchema, {
    schemaVersion: SCHEMA_VERSION,
    tenantId,
    conversationId,
    timeMicros: microsFromTimestamp(createTime!),
    traceparent: currentTrace() ?? '',
  })
  const accepted = encodeParts([
    [ACCEPTED.messageId.number, messageId],
    [ACCEPTED.from.number, from],
    [ACCEPTED.message.number, toBinary(MessageSchema, message)],
  ])
  return encodeParts([toBinary(LogRecordSchema, head), [LogRecordSchema.field.message.number, accepted]])
}

/** The message in a log record, or undefined if it holds something else, or is newer than this server. */
export function messageOfRecord(record: Uint8Array): Message | undefined {
  const { schemaVersion, kind } = fromBinary(LogRecordSchema, record)
  return schemaVersion <= SCHEMA_VERSION && kind.case === 'message'
    ? fromBinary(MessageSchema, (kind.value as AcceptedMessage).message)
    : undefined
}

/** Whether two messages say the same, whenever they were accepted and whatever happened to them since. */
export function sameContent(a: Message, b: Message): boolean {
  return Buffer.from(content(a)).equals(content(b))
}

function content({ conversationId, from, payload, replyTo, mentions, channels, metadata }: Message): Uint8Array {
  const sorted = Object.fromEntries(Object.entries(metadata).sort(([x], [y]) => (x < y ? -1 : 1)))
  const said = create(MessageSchema, { conversationId, from, replyTo, mentions, channels, metadata: sorted })
  if (payload !== undefined) said.payload = payload
  return toBinary(MessageSchema, said)
}
