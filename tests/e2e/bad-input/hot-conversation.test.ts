import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { anyUnpack } from '@bufbuild/protobuf/wkt'
import { MessageService, type SendResult, type SendStreamResponse } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { RetryInfoSchema } from '@chat4all/gen/google/rpc/error_details_pb.js'
import type { Status } from '@chat4all/gen/google/rpc/status_pb.js'
import { waitUntil } from '@chat4all/testkit'
import { expect, it } from 'vitest'
import { pathOf } from '../support/api.ts'
import { describe as describeRefusal, failureOf, metadataOf, refused } from '../support/refusal.ts'
import { CONVERSATION_RATE } from '../support/shared-mesh.ts'
import { type Person, text, World } from '../support/world.ts'

const { sendMessage, sendStream, addReaction, listMessages } = MessageService.method
const LIMITED = 'RESOURCE_EXHAUSTED RATE_LIMITED'
const LIMIT = Number(CONVERSATION_RATE.CHAT4ALL_CONVERSATION_SENDS_PER_SECOND)
/** As many as one request may carry. */
const BATCH = 100
const BURST = LIMIT * Number(CONVERSATION_RATE.CHAT4ALL_CONVERSATION_BURST_SECONDS)

it('a conversation that gets more than its rate is refused what is too much, and only that one', async () => {
  await using world = await World.start({ env: CONVERSATION_RATE })
  const acme = await world.tenant()
  const [ana, bo] = (await acme.people('ana', 'bo')) as [Person, Person]
  const [hot, calm] = await Promise.all([acme.group(ana, bo), acme.group(ana, bo)])
  const { messageId } = await ana.say(hot, 'before')

  const started = performance.now()
  const results = await flood(ana, hot, 3 * BURST)
  const refusals = results.flatMap(({ outcome }) => (outcome.case === 'error' ? outcome.value : []))
  const accepted = results.length - refusals.length
  expect(accepted).toBeGreaterThanOrEqual(BURST)
  expect(accepted).toBeLessThanOrEqual(BURST + (LIMIT * (performance.now() - started)) / 1000)
  expect(refusals.length).toBeGreaterThan(0)
  for (const refusal of refusals) expectToldToWait(refusal)

  const send = (conversationId: string, by: Person) => by.call(sendMessage, { conversationId, payload: text('more') })
  await flood(ana, hot, 2 * BATCH)
  const [sent, reacted] = await Promise.all([
    failureOf(insist(() => send(hot, ana))),
    failureOf(insist(() => ana.call(addReaction, { messageId, emoji: '🔥' }))),
  ])
  for (const refusal of [sent, reacted]) expectToldToWait(refusal!)
  expect(await refused(send(calm, ana))).toBe('OK')

  await waitUntil('the conversation takes messages again', async () => (await refused(send(hot, bo))) === 'OK')
  expect((await ana.call(listMessages, { conversationId: hot, pageSize: 1 })).messages).toHaveLength(1)
})

/** Sends over one stream, faster than the rate. */
async function flood({ client }: Person, conversationId: string, count: number): Promise<SendResult[]> {
  const messages = Array.from({ length: BATCH }, () => ({ conversationId, payload: text('hot') }))
  const request = toBinary(sendStream.input, create(sendStream.input, { messages }))
  const answers: SendStreamResponse[] = []
  await new Promise<void>((resolve, reject) => {
    const stream = client.open(pathOf(sendStream), Array(count / BATCH).fill(request), {
      onMessage: (answer) => answers.push(fromBinary(sendStream.output, answer)),
      onEnd: (failure) => (failure === undefined ? resolve() : reject(failure)),
    })
    stream.end()
  })
  return answers.flatMap(({ results }) => results)
}

/** A token comes back every few milliseconds: calls at once, of which some are refused. */
async function insist(call: () => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: BATCH }, call))
}

function expectToldToWait(refusal: Status): void {
  expect(describeRefusal(refusal)).toBe(LIMITED)
  expect(metadataOf(refusal)).toEqual({ scope: 'conversation', limit: `${LIMIT}` })
  const [retry] = refusal.details.flatMap((any) => anyUnpack(any, RetryInfoSchema) ?? [])
  expect(retry?.retryDelay).toMatchObject({ seconds: 1n, nanos: 0 })
}
