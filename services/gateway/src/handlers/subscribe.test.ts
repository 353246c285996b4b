import { ChatError } from '@chat4all/base'
import type { Event } from '@chat4all/gen/chat4all/v1/event_pb.js'
import type { MessageStore } from '@chat4all/ports'
import type { CallContext, Principal, StreamWriter } from '@chat4all/rpc'
import { expect, test } from 'vitest'
import type { Subscription } from '../live/subscription.ts'
import type { CatchUpDeps } from '../sync/catch-up.ts'
import { goLive, type SubscribeDeps, subscribe } from './subscribe.ts'

const at = (position: bigint) => new Map([[0, position]])

test('after the rest of an interrupted catch-up, sends what has happened since it began', async () => {
  const windows: (readonly [bigint | undefined, bigint | undefined])[] = []
  const deps = {
    nowMicros: () => 1n,
    store: {
      settled: async () => at(9n),
      changedConversations: async (_tenant, _user, { after, through }) => {
        windows.push([after.get(0), through.get(0)])
        return []
      },
    } as Partial<MessageStore>,
  } as unknown as CatchUpDeps
  let covered: ReadonlyMap<number, bigint> | undefined
  const subscription = {
    principal: { tenantId: 't' },
    userId: 'ana',
    send: async () => {},
    unseen: (events: readonly Event[]) => [...events],
    goLive: (positions: ReadonlyMap<number, bigint>) => {
      covered = positions
    },
  } as unknown as Subscription
  const page = { through: at(5n), receiptsThrough: 0n, conversationId: 'c', revision: 3n }

  await goLive(deps, subscription, { positions: at(2n), receiptsSince: 0n, page })

  expect(new Set(windows.map(String))).toEqual(new Set(['2,5', '5,9']))
  expect(covered).toEqual(at(9n))
})

test('a stream that ends while it is being opened fails its call, and nothing else', async () => {
  const deps = {
    users: { requireActive: async () => {} },
    hub: {
      requireBus: () => {},
      add: async (subscription: Subscription) => {
        subscription.end(new ChatError('ENGINE_UNAVAILABLE', 'The stream lost its place.'))
        await new Promise((resolve) => setTimeout(resolve, 5))
      },
      remove: () => {},
    },
    store: { settled: async () => at(1n) },
    nowMicros: () => 1n,
    subscriberQueueBytes: 1e6,
  } as unknown as SubscribeDeps
  const principal = { kind: 'user', tenantId: 't', userId: 'ana' } as Principal
  const context = { principal, onAbort: () => {} } as unknown as CallContext
  const out = { write: () => true, drained: async () => {} } as unknown as StreamWriter

  await expect(subscribe(deps)({ userId: '', cursor: '' } as never, context, out as never)).rejects.toMatchObject({
    reason: 'ENGINE_UNAVAILABLE',
  })
})
