import type { ListMessagesRequest } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import type { GetRangeDigestRequest } from '@chat4all/gen/chat4all/v1/sync_service_pb.js'
import { expect, test } from 'vitest'
import { connectTo, message } from '../test/fake-server.ts'
import { rangeDigest } from './digest.ts'

const stored = Array.from({ length: 12_345 }, (_, index) => message(index + 1))
let digests = 0
const chat = connectTo({
  conversations: { getConversation: () => ({ conversation: { lastSequence: 12_345n } }) },
  messages: {
    listMessages: ({ position, pageSize }: ListMessagesRequest) => {
      const since = Number(position.case === 'since' ? position.value : 0n)
      return { messages: stored.slice(since, since + pageSize), nextPageToken: 'more' }
    },
  },
  sync: {
    getRangeDigest: async ({ fromSequence, toSequence }: GetRangeDigestRequest) => {
      digests++
      const range = stored.slice(Number(fromSequence) - 1, Number(toSequence))
      return { count: BigInt(range.length), checksum: await rangeDigest(range) }
    },
  },
})

test('proves with a call per 10,000 messages that both hold the same', async () => {
  digests = 0
  await expect(chat.verify('c', stored)).resolves.toEqual({ ok: true, from: 1n, to: 12_345n, differences: [] })
  expect(digests).toBe(2)
})

test.each([
  ['a missing message', () => stored.toSpliced(4_999, 1)],
  ['an altered message', () => stored.with(4_999, message(5_000, { revision: 1n }))],
  ['another message in its place', () => stored.with(4_999, message(5_000, { messageId: message(1).messageId }))],
])('finds %s, and what belongs there, within a page', async (_, held) => {
  const { ok, differences } = await chat.verify('c', held())
  expect(ok).toBe(false)
  expect(differences).toHaveLength(1)
  const { from, to, messages } = differences[0]!
  expect(from <= 5_000n && to >= 5_000n && to - from < 200n).toBe(true)
  expect(messages).toEqual(stored.slice(Number(from) - 1, Number(to)))
})

test('finds messages that are missing at the end', async () => {
  const { differences } = await chat.verify('c', stored.slice(0, 12_300))
  expect(differences.at(-1)!.messages.at(-1)!.sequence).toBe(12_345n)
})

test('compares only from the first message held', async () => {
  await expect(chat.verify('c', stored.slice(12_000))).resolves.toMatchObject({ ok: true, from: 12_001n })
})
