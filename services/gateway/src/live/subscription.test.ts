import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { LiveBatchSchema } from '@chat4all/gen/chat4all/internal/v1/live_batch_pb.js'
import { type Event, EventSchema } from '@chat4all/gen/chat4all/v1/event_pb.js'
import { SubscribeResponseSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import type { Principal } from '@chat4all/rpc'
import { expect, test } from 'vitest'
import type { FramedBatch } from './batch.ts'
import { Subscription, type SubscriptionLimits } from './subscription.ts'

const principal: Principal = { kind: 'user', tenantId: 't', userId: 'ana', clientId: 'x', operator: false, tokenId: 'j', expiresAt: 9e15 }

/** A reader that takes `room` frames and then must be let go on. */
function reader(room = Number.POSITIVE_INFINITY) {
  const revisions: bigint[] = []
  let waiting: (() => void)[] = []
  return {
    revisions,
    write(frame: Uint8Array): boolean {
      for (const { revision } of fromBinary(SubscribeResponseSchema, frame).events) revisions.push(revision)
      return --room > 0
    },
    drained: () => (room > 0 ? Promise.resolve() : new Promise<void>((resolve) => waiting.push(resolve))),
    letGo(more: number) {
      room = more
      for (const resolve of waiting) resolve()
      waiting = []
    },
  }
}

const event = (revision: bigint): Event => create(EventSchema, { conversationId: 'c', revision })

function batch(first: bigint, last: bigint = first): FramedBatch {
  const events: Event[] = []
  for (let revision = first; revision <= last; revision++) events.push(event(revision))
  const response = toBinary(SubscribeResponseSchema, create(SubscribeResponseSchema, { events }))
  return {
    batch: create(LiveBatchSchema, {
      tenantId: 't',
      conversationId: 'c',
      position: last,
      firstRevision: first,
      lastRevision: last,
      response,
    }),
    frame: response,
  }
}

const limits = (
  maxQueueBytes: number,
  fillGap: SubscriptionLimits['fillGap'],
  catchUp: SubscriptionLimits['catchUp'] = () => {},
): SubscriptionLimits => ({ maxQueueBytes, fillGap, catchUp })
const noGaps: SubscriptionLimits['fillGap'] = async () => {
  throw new Error('there is no gap')
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

test('holds back what arrives while it catches up, and drops what catching up has covered', async () => {
  const out = reader()
  const subscription = new Subscription(principal, 'ana', out, limits(1e6, noGaps))
  subscription.take(batch(4n))
  subscription.take(batch(5n))
  await subscription.send({ events: [event(3n), event(4n)] })
  subscription.goLive(new Map([[0, 4n]]))
  await settle()
  subscription.take(batch(6n))
  expect(out.revisions).toEqual([3n, 4n, 5n, 6n])
})

test('reads a gap from the store before it goes on', async () => {
  const out = reader()
  const subscription = new Subscription(
    principal,
    'ana',
    out,
    limits(1e6, async (_, after) => [event(after + 1n), event(after + 2n)]),
  )
  subscription.goLive(new Map())
  await settle()
  subscription.take(batch(1n))
  subscription.take(batch(4n))
  subscription.take(batch(5n))
  await expect.poll(() => out.revisions).toEqual([1n, 2n, 3n, 4n, 5n])
})

test('fills a gap up to the batch behind it, however much the store has by then', async () => {
  const out = reader()
  const ahead: SubscriptionLimits['fillGap'] = async (_, after) => [1n, 2n, 3n, 4n].map((n) => event(after + n))
  const subscription = new Subscription(principal, 'ana', out, limits(1e6, ahead))
  subscription.goLive(new Map())
  await settle()
  subscription.take(batch(1n))
  subscription.take(batch(4n, 7n))
  await expect.poll(() => out.revisions).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n])
})

test('drops repeats', async () => {
  const out = reader()
  const subscription = new Subscription(principal, 'ana', out, limits(1e6, noGaps))
  subscription.goLive(new Map())
  await settle()
  for (const again of [1n, 2n, 2n, 1n, 3n]) subscription.take(batch(again))
  expect(out.revisions).toEqual([1n, 2n, 3n])
})

test('waits for a slow reader and then goes on in order', async () => {
  const out = reader(1)
  const subscription = new Subscription(principal, 'ana', out, limits(1e6, noGaps))
  subscription.goLive(new Map())
  await settle()
  for (let revision = 1n; revision <= 5n; revision++) subscription.take(batch(revision))
  expect(out.revisions).toEqual([1n])
  out.letGo(10)
  await expect.poll(() => out.revisions).toEqual([1n, 2n, 3n, 4n, 5n])
})

test('cuts off a reader that is too slow', async () => {
  const subscription = new Subscription(principal, 'ana', reader(1), limits(200, noGaps))
  const done = subscription.done()
  subscription.goLive(new Map())
  await settle()
  for (let revision = 1n; revision <= 50n; revision++) subscription.take(batch(revision))
  await expect(done).rejects.toMatchObject({ reason: 'SLOW_CONSUMER' })
})

test('ends with a resumable error when the store can not fill a gap', async () => {
  const subscription = new Subscription(
    principal,
    'ana',
    reader(),
    limits(1e6, async () => {
      throw new Error('store away')
    }),
  )
  const done = subscription.done()
  subscription.goLive(new Map())
  await settle()
  subscription.take(batch(1n))
  subscription.take(batch(9n))
  await expect(done).rejects.toMatchObject({ reason: 'ENGINE_UNAVAILABLE' })
})

test('drops what waits about a conversation that the user was removed from, but for the farewell', async () => {
  const out = reader(1)
  const subscription = new Subscription(principal, 'ana', out, limits(1e6, noGaps))
  subscription.goLive(new Map())
  await settle()
  for (const revision of [1n, 2n, 3n]) subscription.take(batch(revision))
  const farewell = batch(4n)
  farewell.batch.farewell = true
  subscription.take(farewell)
  subscription.drop('c')
  out.letGo(10)
  await settle()
  expect(out.revisions).toEqual([1n, 4n])
})

const receipt = (deliveredThrough: bigint) =>
  create(EventSchema, { conversationId: 'c', kind: { case: 'receipt', value: { userId: 'bo', deliveredThrough } } })

function receiptBatch(deliveredThrough: bigint): FramedBatch {
  const response = toBinary(SubscribeResponseSchema, create(SubscribeResponseSchema, { events: [receipt(deliveredThrough)] }))
  return { batch: create(LiveBatchSchema, { tenantId: 't', conversationId: 'c', response }), frame: response }
}

test('does not let receipts fall when one waited while a newer one was read from the store', async () => {
  const seen: bigint[] = []
  const out = {
    write: (frame: Uint8Array) => {
      for (const { kind } of fromBinary(SubscribeResponseSchema, frame).events)
        if (kind.case === 'receipt') seen.push(kind.value.deliveredThrough)
      return true
    },
    drained: async () => {},
  }
  const subscription = new Subscription(principal, 'ana', out, limits(1e6, noGaps))
  subscription.take(receiptBatch(5n))
  await subscription.send({ events: [receipt(7n)] })
  subscription.take(receiptBatch(8n))
  subscription.goLive(new Map())
  await settle()
  subscription.take(receiptBatch(9n))
  await subscription.send({ events: [receipt(12n)] })
  subscription.take(receiptBatch(11n))
  subscription.take(receiptBatch(13n))
  expect(seen).toEqual([7n, 8n, 9n, 12n, 13n])
})

test('fills what was not shown before a farewell once the user is back', async () => {
  const out = reader()
  const subscription = new Subscription(
    principal,
    'ana',
    out,
    limits(1e6, async (_, after) => [event(after + 1n)]),
  )
  subscription.goLive(new Map())
  await settle()
  subscription.take(batch(1n))
  const farewell = batch(4n)
  farewell.batch.farewell = true
  subscription.take(farewell)
  subscription.take(batch(6n))
  await expect.poll(() => out.revisions).toEqual([1n, 4n, 2n, 3n, 4n, 5n, 6n])
})

function takeAndDrop(subscription: Subscription): void {
  subscription.take(batch(2n, 3n))
  subscription.drop('c')
}

test.each([
  ['was withheld', (subscription: Subscription) => subscription.withhold(batch(2n, 3n)), batch(4n)],
  ['waited and was dropped', takeAndDrop, batch(4n)],
  ['was ordered with the removal', () => {}, batch(2n, 4n)],
])('fills what %s at first, of a conversation in which nothing had happened before', async (_, before, farewell) => {
  const out = reader()
  const events = [2n, 3n, 4n, 5n].map(event)
  const fill = async (_key: unknown, after: bigint) => events.filter(({ revision }) => revision > after)
  const subscription = new Subscription(principal, 'ana', out, limits(1e6, fill))
  before(subscription)
  subscription.goLive(new Map())
  await settle()
  subscription.take({ batch: { ...farewell.batch, farewell: true }, frame: batch(4n).frame })
  subscription.take(batch(6n))
  await expect.poll(() => out.revisions).toEqual([4n, 2n, 3n, 4n, 5n, 6n])
})

test('knows what of missed events a stream has handed on already, when it catches up a second time', async () => {
  const subscription = new Subscription(principal, 'ana', reader(), limits(1e6, noGaps))
  await subscription.send({ events: [event(1n), event(2n)] })
  subscription.goLive(new Map())
  await settle()
  subscription.take(batch(3n))
  const other = create(EventSchema, { conversationId: 'other', revision: 1n })
  const receipt = create(EventSchema, { conversationId: 'c' })
  expect(subscription.unseen([event(2n), event(3n), event(4n), other, receipt])).toEqual([event(4n), other, receipt])
})

test('hands on only the new part of a batch, when another owner of the partition had cut the changes differently', async () => {
  const out = reader(2)
  const subscription = new Subscription(principal, 'ana', out, limits(1e6, noGaps))
  subscription.goLive(new Map())
  await settle()
  subscription.take(batch(1n, 3n))
  subscription.take(batch(2n, 5n))
  subscription.take(batch(4n, 7n))
  out.letGo(10)
  await settle()
  expect(out.revisions).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n])
})

test('catches up between what came before it may have missed something and what came after', async () => {
  const out = reader()
  const log: string[] = []
  const catchUp: SubscriptionLimits['catchUp'] = async (subscription, { positions }) => {
    log.push(`from ${positions.get(0)} after ${out.revisions.join(' ')}`)
    await settle()
    await subscription.send({ events: subscription.unseen([event(2n), event(3n)]) })
    subscription.goLive(new Map([[0, 3n]]))
  }
  const subscription = new Subscription(principal, 'ana', out, limits(1e6, noGaps, catchUp))
  const from = (position: bigint) => ({ positions: new Map([[0, position]]), receiptsSince: 0n })
  subscription.take(batch(1n))
  subscription.resync(from(1n))
  subscription.resync(from(2n))
  subscription.take(batch(4n))
  subscription.goLive(new Map())
  await expect.poll(() => out.revisions).toEqual([1n, 2n, 3n, 4n])
  subscription.resync(from(4n))
  subscription.take(batch(5n))
  await expect.poll(() => out.revisions).toEqual([1n, 2n, 3n, 4n, 5n])
  expect(log).toEqual(['from 1 after 1', 'from 4 after 1 2 3 4'])
})
