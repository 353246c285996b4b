import { create, fromBinary, type MessageInitShape } from '@bufbuild/protobuf'
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt'
import { type Event, EventSchema, type ReceiptSchema } from '@chat4all/gen/chat4all/v1/event_pb.js'
import type { ReceiptState, StoredChange } from '@chat4all/ports'
import { shownMessage } from './message-reader.ts'

export function timestampFromMicros(micros: bigint): Timestamp {
  return create(TimestampSchema, { seconds: micros / 1_000_000n, nanos: Number(micros % 1_000_000n) * 1000 })
}

export function microsFromTimestamp({ seconds, nanos }: Timestamp): bigint {
  return seconds * 1_000_000n + BigInt(Math.trunc(nanos / 1000))
}

/** A stored change as subscribers and sync see it. */
export function eventOfChange(conversationId: string, change: StoredChange): Event {
  if (change.kind === 'conversation') return fromBinary(EventSchema, change.event)
  const message = shownMessage(change.message.data)
  const kind =
    change.kind === 'message_created'
      ? ({ case: 'messageCreated', value: message } as const)
      : ({ case: 'messageUpdated', value: message } as const)
  return create(EventSchema, { conversationId, revision: change.revision, time: timestampFromMicros(change.at), kind })
}

export function receiptOf({
  userId,
  deliveredThrough,
  deliveredAt,
  readThrough,
  readAt,
}: ReceiptState): MessageInitShape<typeof ReceiptSchema> {
  return {
    userId,
    deliveredThrough,
    readThrough,
    ...(deliveredAt > 0n ? { deliveredTime: timestampFromMicros(deliveredAt) } : {}),
    ...(readAt > 0n ? { readTime: timestampFromMicros(readAt) } : {}),
  }
}

export function receiptEvent(conversationId: string, receipt: ReceiptState): Event {
  const { deliveredAt, readAt } = receipt
  const time = timestampFromMicros(readAt < deliveredAt ? deliveredAt : readAt)
  return create(EventSchema, { conversationId, time, kind: { case: 'receipt', value: receiptOf(receipt) } })
}
