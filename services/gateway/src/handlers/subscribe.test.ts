import type { MessageStore } from '@chat4all/ports'
import { expect, test } from 'vitest'
import type { Subscription } from '../live/subscription.ts'
import type { CatchUpDeps } from '../sync/catch-up.ts'
import { goLive } from './subscribe.ts'

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
    goLive: (positions: ReadonlyMap<number, bigint>) => {
      covered = positions
    },
  } as unknown as Subscription
  const page = { through: at(5n), receiptsThrough: 0n, conversationId: 'c', revision: 3n }

  await goLive(deps, subscription, { positions: at(2n), receiptsSince: 0n, page })

  expect(new Set(windows.map(String))).toEqual(new Set(['2,5', '5,9']))
  expect(covered).toEqual(at(9n))
})
