import { create } from '@bufbuild/protobuf'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt'
import { EventSchema } from '@chat4all/gen/chat4all/v1/event_pb.js'
import { SubscribeResponseSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { MessageSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'

// A message is encoded once, by the gateway that accepted it. From here on its bytes are wrapped, never decoded:
// Protobuf fields may come in any order, and concatenated encodings of one message merge.

const MESSAGE = MessageSchema.field
const EVENT = EventSchema.field
const EVENTS = SubscribeResponseSchema.field.events.number

export function timestampFromMicros(micros: bigint): Timestamp {
  return create(TimestampSchema, { seconds: micros / 1_000_000n, nanos: Number(micros % 1_000_000n) * 1000 })
}

/** An encoded message with its place in the conversation. */
export function numberMessage(message: Uint8Array, sequence: bigint, revision: bigint): Uint8Array {
  return new BinaryWriter()
    .raw(message)
    .tag(MESSAGE.sequence.number, WireType.Varint)
    .int64(sequence)
    .tag(MESSAGE.revision.number, WireType.Varint)
    .int64(revision)
    .finish()
}

/** An encoded Event around an encoded Message. */
export function encodeMessageEvent(
  kind: 'created' | 'updated',
  conversationId: string,
  revision: bigint,
  at: bigint,
  message: Uint8Array,
): Uint8Array {
  const time = new BinaryWriter()
    .tag(1, WireType.Varint)
    .int64(at / 1_000_000n)
    .tag(2, WireType.Varint)
    .int32(Number(at % 1_000_000n) * 1000)
    .finish()
  return new BinaryWriter()
    .tag(EVENT.conversationId.number, WireType.LengthDelimited)
    .string(conversationId)
    .tag(EVENT.revision.number, WireType.Varint)
    .int64(revision)
    .tag(EVENT.time.number, WireType.LengthDelimited)
    .bytes(time)
    .tag(kind === 'created' ? EVENT.messageCreated.number : EVENT.messageUpdated.number, WireType.LengthDelimited)
    .bytes(message)
    .finish()
}

/** An encoded SubscribeResponse around encoded Events. */
export function encodeResponse(events: readonly Uint8Array[]): Uint8Array {
  const writer = new BinaryWriter()
  for (const event of events) writer.tag(EVENTS, WireType.LengthDelimited).bytes(event)
  return writer.finish()
}
