import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { LiveBatchSchema } from '@chat4all/gen/chat4all/internal/v1/live_batch_pb.js'
import { SubscribeResponseSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { expect, test } from 'vitest'
import { decodeCursor } from '../sync/cursor.ts'
import { BatchFramer } from './batch.ts'

const response = toBinary(SubscribeResponseSchema, create(SubscribeResponseSchema, { events: [{ conversationId: 'c', revision: 1n }] }))
const batch = (position: bigint, publishedThrough: bigint) =>
  toBinary(LiveBatchSchema, create(LiveBatchSchema, { partition: 0, position, publishedThrough, response }))

test('a cursor stays before a commit until all of it has been framed', () => {
  const framer = new BatchFramer(() => 0n)
  const positionAfter = (payload: Uint8Array) =>
    decodeCursor(fromBinary(SubscribeResponseSchema, framer.frame(payload).frame).cursor).positions.get(0)
  expect(positionAfter(batch(7n, 7n))).toBe(7n)
  expect(positionAfter(batch(10n, 0n))).toBe(7n)
  expect(positionAfter(batch(9n, 10n))).toBe(10n)
})

test('a receipt that comes once for each of its users reaches every one of them, and one that comes late is no lower', () => {
  const framer = new BatchFramer(() => 0n)
  const receipt = (deliveredThrough: bigint) => {
    const events = [{ conversationId: 'c', kind: { case: 'receipt' as const, value: { userId: 'bo', deliveredThrough } } }]
    return toBinary(
      LiveBatchSchema,
      create(LiveBatchSchema, { response: toBinary(SubscribeResponseSchema, create(SubscribeResponseSchema, { events })) }),
    )
  }
  const delivered = (payload: Uint8Array) =>
    fromBinary(SubscribeResponseSchema, framer.frame(payload).frame).events.map(
      ({ kind }) => kind.case === 'receipt' && kind.value.deliveredThrough,
    )
  expect([delivered(receipt(7n)), delivered(receipt(7n)), delivered(receipt(5n))]).toEqual([[7n], [7n], [7n]])
})
