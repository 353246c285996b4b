import type { ListMessagesRequest } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import type { ListChangesRequest, SyncChangesRequest } from '@chat4all/gen/chat4all/v1/sync_service_pb.js'
import { Code } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { collect, connectTo, created, message, refusal, take, unavailable } from '../test/fake-server.ts'

test('history reads on page by page, only as far as the loop goes', async () => {
  const asked: string[] = []
  const chat = connectTo({
    messages: {
      listMessages: ({ pageToken }: ListMessagesRequest) => {
        asked.push(pageToken)
        const page = Number(pageToken || '0')
        return { messages: [message(2 * page + 1), message(2 * page + 2)], nextPageToken: page < 9 ? `${page + 1}` : '' }
      },
    },
  })
  const messages = await take(3, chat.history('c', { since: 0n }))
  expect(messages.map(({ sequence }) => sequence)).toEqual([1n, 2n, 3n])
  expect(asked).toEqual(['', '1'])
  expect(await collect(chat.history('c'))).toHaveLength(20)
})

test('reads that fail in passing are repeated, others are not', async () => {
  let calls = 0
  const chat = connectTo({
    messages: {
      listMessages: () => {
        if (++calls < 3) throw unavailable()
        return { messages: [message(1)] }
      },
      getMessage: () => {
        calls++
        throw refusal(Code.NotFound, 'MESSAGE_NOT_FOUND')
      },
    },
  })
  expect(await collect(chat.history('c'))).toHaveLength(1)
  calls = 0
  await expect(chat.api.messages.getMessage({ messageId: 'm' })).rejects.toMatchObject({ reason: 'MESSAGE_NOT_FOUND' })
  expect(calls).toBe(1)
})

test('changes reads until it has reached the revision of now', async () => {
  const chat = connectTo({
    sync: {
      listChanges: ({ afterRevision }: ListChangesRequest) =>
        afterRevision === 0n ? { events: [created(1), created(2)], revision: 3n } : { events: [created(3)], revision: 3n },
    },
  })
  expect((await collect(chat.changes('c', 0n))).map(({ revision }) => revision)).toEqual([1n, 2n, 3n])
})

test('changes passes on a snapshot instruction and goes on behind it', async () => {
  const chat = connectTo({
    sync: {
      listChanges: ({ afterRevision }: ListChangesRequest) =>
        afterRevision === 1n ? { snapshot: { conversationId: 'c', revision: 7n }, revision: 8n } : { events: [created(8)], revision: 8n },
    },
  })
  expect(await collect(chat.changes('c', 1n))).toMatchObject([
    { kind: 'snapshot', revision: 7n },
    { kind: 'messageCreated', revision: 8n },
  ])
})

test('sync yields everything since a cursor and gives the next one', async () => {
  const chat = connectTo({
    sync: {
      syncChanges: ({ cursor }: SyncChangesRequest) =>
        cursor === 'a'
          ? { snapshots: [{ conversationId: 'd', revision: 4n }], events: [created(1)], cursor: 'b', more: true }
          : { events: [created(2)], cursor: 'c' },
    },
  })
  const run = chat.sync('a')
  expect((await collect(run)).map(({ kind }) => kind)).toEqual(['snapshot', 'messageCreated', 'messageCreated'])
  expect(run.cursor).toBe('c')
})

test('watchStatus tells each line once, also across a broken stream', async () => {
  let streams = 0
  const entry = (state: number) => ({ userId: 'bruno', channel: 'app', state })
  const chat = connectTo({
    messages: {
      async *watchMessageStatus() {
        yield { entries: [entry(1)] }
        if (++streams === 1) throw unavailable()
        yield { entries: [entry(2), entry(3)] }
      },
    },
  })
  expect((await collect(chat.watchStatus('m'))).map(({ state }) => state)).toEqual([1, 2, 3])
})
