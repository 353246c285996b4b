import type { MarkReceiptsRequest } from '@chat4all/gen/chat4all/v1/receipt_service_pb.js'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { connectTo, unavailable } from '../test/fake-server.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const calls: MarkReceiptsRequest[] = []
let answer: (request: MarkReceiptsRequest) => object
beforeEach(() => {
  calls.length = 0
  answer = () => ({})
})
const connected = () =>
  connectTo(
    {
      receipts: {
        markReceipts: (request: MarkReceiptsRequest) => {
          calls.push(request)
          return answer(request)
        },
      },
    },
    { actAs: 'bruno' },
  )

test('sends the highest marks of a second in one call', async () => {
  const chat = connected()
  chat.markDelivered('a', 5n)
  chat.markRead('a', 3n)
  chat.markDelivered('a', 4n)
  chat.markRead('b', 9n)
  await vi.advanceTimersByTimeAsync(999)
  expect(calls).toHaveLength(0)
  await vi.advanceTimersByTimeAsync(10)
  expect(calls).toMatchObject([
    {
      userId: 'bruno',
      marks: [
        { conversationId: 'a', deliveredThrough: 5n, readThrough: 3n },
        { conversationId: 'b', readThrough: 9n },
      ],
    },
  ])
})

test('sends at most 100 conversations per call', async () => {
  const chat = connected()
  for (let n = 0; n < 250; n++) chat.markDelivered(`c${n}`, 1n)
  await chat.flushReceipts()
  expect(calls.map(({ marks }) => marks.length)).toEqual([100, 100, 50])
})

test('keeps marks that could not be sent, raised by what came meanwhile', async () => {
  const chat = connected()
  answer = () => {
    throw unavailable()
  }
  chat.markDelivered('a', 1n)
  await vi.advanceTimersByTimeAsync(1_100)
  answer = () => ({})
  chat.markDelivered('a', 2n)
  await vi.advanceTimersByTimeAsync(20_000)
  expect(calls).toHaveLength(2)
  expect(calls[1]).toMatchObject({ marks: [{ conversationId: 'a', deliveredThrough: 2n }] })
})

test('repeats marks refused in passing, drops those refused for good', async () => {
  const chat = connected()
  answer = () => ({
    results: [
      { conversationId: 'a', errorReason: 'ENGINE_UNAVAILABLE' },
      { conversationId: 'b', errorReason: 'NOT_A_MEMBER' },
    ],
  })
  chat.markDelivered('a', 1n)
  chat.markDelivered('b', 1n)
  await vi.advanceTimersByTimeAsync(1_100)
  answer = () => ({})
  await vi.advanceTimersByTimeAsync(5_000)
  expect(calls.map(({ marks }) => marks.map(({ conversationId }) => conversationId))).toEqual([['a', 'b'], ['a']])
})

test('sends what is left at closing', async () => {
  const chat = connected()
  chat.markRead('a', 1n)
  await chat.close()
  expect(calls).toHaveLength(1)
})
