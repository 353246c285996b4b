import type { SubscribeRequest } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import type { MarkReceiptsRequest } from '@chat4all/gen/chat4all/v1/receipt_service_pb.js'
import type { ListChangesRequest } from '@chat4all/gen/chat4all/v1/sync_service_pb.js'
import { Code } from '@connectrpc/connect'
import { describe, expect, test, vi } from 'vitest'
import { collect, connectTo, created, refusal, take, unavailable, until } from '../test/fake-server.ts'
import type { LiveEvent } from './events.ts'

const ready = { ready: { userId: 'bruno', heartbeatSeconds: 15 } }
const revisions = (events: readonly LiveEvent[]): bigint[] => events.flatMap((event) => ('revision' in event ? [event.revision] : []))

/** Keeps a stream open until the client goes. */
const quiet = (signal: AbortSignal) => until(() => signal.aborted)

describe('a subscription', () => {
  test('goes on after a broken stream where the app stands, and tells so', async () => {
    const cursors: string[] = []
    const chat = connectTo({
      live: {
        async *subscribe({ cursor }: SubscribeRequest, { signal }) {
          cursors.push(cursor)
          yield ready
          if (cursors.length === 1) {
            yield { events: [created(1)], cursor: 'after 1' }
            throw unavailable()
          }
          yield { events: [created(1), created(2)], cursor: 'after 2', caughtUp: true }
          await quiet(signal)
        },
      },
    })
    const stored: string[] = []
    const events = await take(6, chat.subscribe({ cursor: 'start', onCursor: (cursor) => stored.push(cursor) }))
    expect(events.map(({ kind }) => kind)).toEqual([
      'connected',
      'messageCreated',
      'disconnected',
      'connected',
      'messageCreated',
      'caughtUp',
    ])
    expect(revisions(events)).toEqual([1n, 2n])
    expect(cursors).toEqual(['start', 'after 1'])
    expect(stored).toEqual(['after 1'])
  })

  test('takes a cursor of now when it has none, so that an early break loses nothing', async () => {
    const cursors: string[] = []
    const chat = connectTo({
      live: {
        async *subscribe({ cursor }: SubscribeRequest) {
          cursors.push(cursor)
          if (cursors.length === 1) throw unavailable()
          yield ready
        },
      },
    })
    await take(2, chat.subscribe())
    expect(cursors).toEqual(['now', 'now'])
  })

  test('moves the cursor only when the app has finished with the events', async () => {
    const chat = connectTo({
      live: {
        async *subscribe(_, { signal }) {
          yield { ...ready, cursor: '' }
          yield { events: [created(1), created(2)], cursor: 'after 2' }
          await quiet(signal)
        },
      },
    })
    const subscription = chat.subscribe({ cursor: 'start', autoDelivered: false })
    const seen: string[] = []
    for await (const event of subscription) {
      seen.push(subscription.cursor)
      if (event.kind === 'messageCreated' && event.revision === 2n) setTimeout(() => subscription.close(), 20)
    }
    expect(seen).toEqual(['start', 'start', 'start'])
    expect(subscription.cursor).toBe('after 2')
  })

  test('fills a gap before it goes on, and drops repeats', async () => {
    const asked: bigint[] = []
    const chat = connectTo({
      live: {
        async *subscribe(_, { signal }) {
          yield ready
          yield { events: [created(1)] }
          yield { events: [created(5), created(5)] }
          yield { events: [created(4), created(6)] }
          await quiet(signal)
        },
      },
      sync: {
        listChanges: ({ afterRevision }: ListChangesRequest) => {
          asked.push(afterRevision)
          return afterRevision === 1n
            ? { events: [created(2), created(3)], revision: 5n }
            : { events: [created(4), created(5)], revision: 5n }
        },
      },
    })
    const events = await take(7, chat.subscribe({ cursor: 'x', autoDelivered: false }))
    expect(revisions(events)).toEqual([1n, 2n, 3n, 4n, 5n, 6n])
    expect(asked).toEqual([1n, 3n])
  })

  test('tells of a removal, and fills what came just before it once the user is back', async () => {
    const asked: bigint[] = []
    const chat = connectTo({
      live: {
        async *subscribe(_, { signal }) {
          yield ready
          yield { events: [created(1)] }
          yield { events: [created(4)] }
          yield { events: [created(6)] }
          await quiet(signal)
        },
      },
      sync: {
        listChanges: ({ afterRevision }: ListChangesRequest) => {
          asked.push(afterRevision)
          if (asked.length === 1) throw refusal(Code.PermissionDenied, 'NOT_A_MEMBER')
          return { events: [created(2), created(3), created(4), created(5)], revision: 5n }
        },
      },
    })
    const events = await take(8, chat.subscribe({ cursor: 'x', autoDelivered: false }))
    expect(revisions(events)).toEqual([1n, 4n, 2n, 3n, 4n, 5n, 6n])
    expect(asked).toEqual([1n, 1n])
  })

  test('passes on snapshot instructions and counts from there', async () => {
    const chat = connectTo({
      live: {
        async *subscribe(_, { signal }) {
          yield { ...ready, snapshots: [{ conversationId: 'c', revision: 10n }] }
          yield { events: [created(10), created(11)] }
          await quiet(signal)
        },
      },
    })
    const events = await take(3, chat.subscribe({ cursor: 'old', autoDelivered: false }))
    expect(events.map(({ kind }) => kind)).toEqual(['connected', 'snapshot', 'messageCreated'])
    expect(revisions(events)).toEqual([10n, 11n])
  })

  test('opens a new stream when the server falls silent', async () => {
    let streams = 0
    const chat = connectTo({
      live: {
        async *subscribe(_, { signal }) {
          streams++
          yield { ready: { userId: 'bruno', heartbeatSeconds: 1 } }
          await quiet(signal)
        },
      },
    })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const events: LiveEvent[] = []
      const subscription = chat.subscribe({ cursor: 'x' })
      const done = (async () => {
        for await (const event of subscription) if (events.push(event) === 3) break
      })()
      while (events.length < 3) await vi.advanceTimersByTimeAsync(100)
      await done
      expect(events.map(({ kind }) => kind)).toEqual(['connected', 'disconnected', 'connected'])
      expect(events[1]).toMatchObject({ error: { message: 'heard nothing for 3000 ms' } })
      expect(streams).toBe(2)
    } finally {
      vi.useRealTimers()
    }
  })

  test('ends with errors that a new stream does not cure', async () => {
    const chat = connectTo({
      live: {
        // biome-ignore lint/correctness/useYield: a stream that is refused
        async *subscribe() {
          throw refusal(Code.InvalidArgument, 'TOKEN_MISMATCH')
        },
      },
    })
    await expect(collect(chat.subscribe({ cursor: 'forged' }))).rejects.toMatchObject({ reason: 'TOKEN_MISMATCH' })
  })

  test('takes a fresh token when its own has expired', async () => {
    const tokens = ['first', 'second']
    const used: (string | null)[] = []
    const chat = connectTo(
      {
        live: {
          async *subscribe(_, { signal, requestHeader }) {
            used.push(requestHeader.get('authorization'))
            yield ready
            if (used.length === 1) throw refusal(Code.Unauthenticated, 'TOKEN_INVALID')
            await quiet(signal)
          },
        },
      },
      { token: () => tokens.shift()! },
    )
    await take(3, chat.subscribe({ cursor: 'x' }))
    expect(used).toEqual(['Bearer first', 'Bearer second'])
  })

  test('ends quietly when the app aborts it', async () => {
    const chat = connectTo({
      live: {
        async *subscribe(_, { signal }) {
          yield ready
          await quiet(signal)
        },
      },
    })
    const controller = new AbortController()
    const events: LiveEvent[] = []
    for await (const event of chat.subscribe({ cursor: 'x', signal: controller.signal })) {
      events.push(event)
      controller.abort()
    }
    expect(events).toHaveLength(1)
  })

  test('reports others’ messages as delivered, once the app has them', async () => {
    const calls: MarkReceiptsRequest[] = []
    const chat = connectTo({
      live: {
        async *subscribe(_, { signal }) {
          yield ready
          yield { events: [created(1), created(2), created(3, { from: 'bruno' })] }
          await quiet(signal)
        },
      },
      receipts: {
        markReceipts: (request: MarkReceiptsRequest) => {
          calls.push(request)
          return {}
        },
      },
    })
    await take(4, chat.subscribe({ cursor: 'x' }))
    await chat.close()
    expect(calls.map(({ marks }) => marks)).toMatchObject([[{ conversationId: 'c', deliveredThrough: 2n, readThrough: 0n }]])
  })
})
