import { create } from '@bufbuild/protobuf'
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt'
import { encodeParts } from '@chat4all/base'
import { EventSchema } from '@chat4all/gen/chat4all/v1/event_pb.js'
import { SubscribeResponseSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { MessageSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'

// A message is encoded once, by the gateway that accepted it. From here on its bytes are wrapped, never decoded.

const MESSAGE = MessageSchema.field
const EVENT = EventSchema.field
const TIME = TimestampSchema.field
const EVENTS = SubscribeResponseSchema.field.events.number

export function timestampFromMicros(micros: bigint): Timestamp {
  return create(TimestampSchema, { seconds: micros / 1_000_000n, nanos: Number(micros % 1_000_000n) * 1000 })
}

/** An encoded message with its place in the conversation. */
export function numberMessage(message: Uint8Array, sequence: bigint, revision: bigint): Uint8Array {
  return encodeParts([message, [MESSAGE.sequence.number, sequence], [MESSAGE.revision.number, revision]])
}

/** An encoded Event around an encoded Message. */
export function encodeMessageEvent(
  kind: 'created' | 'updated',
  conversationId: string,
  revision: bigint,
  at: bigint,
  message: Uint8Array,
): Uint8Array {
  const time = encodeParts([
    [TIME.seconds.number, at / 1_000_000n],
    [TIME.nanos.number, Number(at % 1_000_000n) * 1000],
  ])
  return encodeParts([
    [EVENT.conversationId.number, conversationId],
    [EVENT.revision.number, revision],
    [EVENT.time.number, time],
    [kind === 'created' ? EVENT.messageCreated.number : EVENT.messageUpdated.number, message],
  ])
}

/** An encoded SubscribeResponse around encoded Events. */
export function encodeResponse(events: readonly Uint8Array[]): Uint8Array {
  return encodeParts(events.map((event) => [EVENTS, event]))
}
