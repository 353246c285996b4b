import type { SendMessageRequest, SendStreamRequest } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { Code } from '@connectrpc/connect'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { connectTo, refusal, refusalStatus, unavailable, until } from '../test/fake-server.ts'
import type { ChatClient } from './client.ts'
import { ChatError } from './errors.ts'
import { type SendEvent, Sender } from './send.ts'
import { unaryLane } from './send-unary.ts'

const open: ChatClient[] = []
const opened = (chat: ChatClient): ChatClient => {
  open.push(chat)
  return chat
}
afterEach(() => Promise.all(open.splice(0).map((chat) => chat.close())))

const accept = ({ messageId }: SendMessageRequest) => ({
  messageId,
  outcome: { case: 'accepted' as const, value: { messageId, conversationId: 'c' } },
})

describe('sending over a stream', () => {
  test('makes an id and resolves with the acknowledgement', async () => {
    const chat = opened(
      connectTo({
        messages: {
          async *sendStream(requests: AsyncIterable<SendStreamRequest>) {
            for await (const { messages } of requests) yield { results: messages.map(accept) }
          },
        },
      }),
    )
    const sent = await chat.send({ to: 'bruno', text: 'Hello' })
    expect(sent).toMatchObject({ conversationId: 'c' })
    expect(sent.messageId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  })

  test('puts what waits into one request', async () => {
    const sizes: number[] = []
    const chat = opened(
      connectTo({
        messages: {
          async *sendStream(requests: AsyncIterable<SendStreamRequest>) {
            for await (const { messages } of requests) {
              sizes.push(messages.length)
              yield { results: messages.map(accept) }
            }
          },
        },
      }),
    )
    await Promise.all(Array.from({ length: 250 }, (_, n) => chat.send({ to: 'bruno', text: `${n}` })))
    expect(sizes.reduce((sum, size) => sum + size)).toBe(250)
    expect(Math.max(...sizes)).toBe(100)
    expect(sizes.length).toBeLessThan(6)
  })

  test('sends again in order, with the same ids, what a broken stream did not acknowledge', async () => {
    const streams: string[][] = []
    const chat = opened(
      connectTo({
        messages: {
          async *sendStream(requests: AsyncIterable<SendStreamRequest>) {
            const got: string[] = []
            streams.push(got)
            for await (const { messages } of requests) {
              got.push(...messages.map(({ messageId }) => messageId))
              if (streams.length === 1 && got.length < 3) continue
              if (streams.length === 1) {
                yield { results: [accept(messages.at(-1)!)] }
                throw unavailable()
              }
              yield { results: messages.map(accept) }
            }
          },
        },
      }),
    )
    const sent = await Promise.all(['one', 'two', 'three'].map((text) => chat.send({ to: 'bruno', text })))
    expect(streams[0]).toEqual(sent.map(({ messageId }) => messageId))
    expect(streams[1]).toEqual(streams[0]!.slice(0, 2))
  })

  test('fails only the message that is refused', async () => {
    const chat = opened(
      connectTo({
        messages: {
          async *sendStream(requests: AsyncIterable<SendStreamRequest>) {
            for await (const { messages } of requests) {
              const results = messages.map((message) =>
                message.to === 'nobody'
                  ? {
                      messageId: message.messageId,
                      outcome: { case: 'error' as const, value: refusalStatus(Code.NotFound, 'USER_NOT_FOUND') },
                    }
                  : accept(message),
              )
              yield { results }
            }
          },
        },
      }),
    )
    const [bad, good] = await Promise.allSettled([chat.send({ to: 'nobody', text: 'x' }), chat.send({ to: 'bruno', text: 'y' })])
    expect(bad).toMatchObject({ status: 'rejected', reason: { reason: 'USER_NOT_FOUND', code: 'not_found' } })
    expect(good.status).toBe('fulfilled')
  })

  test('tries a message again that is refused in passing', async () => {
    let tries = 0
    const chat = opened(
      connectTo({
        messages: {
          async *sendStream(requests: AsyncIterable<SendStreamRequest>) {
            for await (const { messages } of requests) {
              const busy = { case: 'error' as const, value: refusalStatus(Code.ResourceExhausted, 'RATE_LIMITED') }
              yield { results: messages.map((message) => (++tries < 3 ? { ...accept(message), outcome: busy } : accept(message))) }
            }
          },
        },
      }),
    )
    await expect(chat.send({ to: 'bruno', text: 'x' })).resolves.toMatchObject({ conversationId: 'c' })
    expect(tries).toBe(3)
  })

  test('gives up at the deadline and says why', async () => {
    const chat = opened(
      connectTo({
        messages: {
          // biome-ignore lint/correctness/useYield: a stream that breaks before it answers
          async *sendStream() {
            throw unavailable()
          },
        },
      }),
    )
    const failure = await chat.send({ to: 'bruno', text: 'x' }, { timeoutMs: 150 }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ChatError)
    expect(failure).toMatchObject({ reason: 'DEADLINE_EXCEEDED', cause: { reason: 'ENGINE_UNAVAILABLE' } })
  })

  test('stops when the caller cancels and when the client closes', async () => {
    const chat = connectTo({ messages: { sendStream: hang } })
    const controller = new AbortController()
    const cancelled = chat.send({ to: 'bruno', text: 'x' }, { signal: controller.signal })
    const closed = chat.send({ to: 'bruno', text: 'y' })
    controller.abort()
    await expect(cancelled).rejects.toMatchObject({ reason: 'CANCELLED' })
    const expectation = expect(closed).rejects.toMatchObject({ reason: 'CLOSED' })
    await chat.close()
    await expectation
  })

  test('lets the server compare a repeated id that is still on its way', async () => {
    const got: string[] = []
    const chat = opened(
      connectTo({
        messages: {
          async *sendStream(requests: AsyncIterable<SendStreamRequest>) {
            for await (const { messages } of requests) {
              got.push(...messages.map(({ payload }) => String(payload?.content.value)))
              yield { results: messages.map(accept) }
            }
          },
        },
      }),
    )
    const messageId = '01920000-0000-7000-8000-000000000001'
    await Promise.all(['one', 'two'].map((text) => chat.send({ to: 'bruno', text, messageId })))
    expect(got).toEqual(['one', 'two'])
  })
})

describe('local echo', () => {
  test('tells pending, then accepted or failed', async () => {
    const chat = opened(
      connectTo({
        messages: {
          async *sendStream(requests: AsyncIterable<SendStreamRequest>) {
            for await (const { messages } of requests) yield { results: messages.map(accept) }
          },
        },
      }),
    )
    const events: SendEvent[] = []
    const stop = chat.onSend((event) => events.push(event))
    const { messageId } = await chat.send({ to: 'bruno', text: 'Hello' })
    await chat.send({ to: 'bruno', text: 'late' }, { signal: AbortSignal.abort() }).catch(() => {})
    stop()
    await chat.send({ to: 'bruno', text: 'unseen' })
    expect(events.map(({ kind }) => kind)).toEqual(['pending', 'accepted', 'pending', 'failed'])
    expect(events[1]).toMatchObject({ message: { messageId, to: 'bruno' }, sent: { conversationId: 'c' } })
  })
})

describe('sending with single calls', () => {
  test('keeps the order to one target, also when a call has to be repeated', async () => {
    const got: string[] = []
    const sendMessage = vi.fn(({ messageId, payload }: SendMessageRequest) => {
      if (sendMessage.mock.calls.length === 1) throw refusal(Code.ResourceExhausted, 'RATE_LIMITED', 1)
      got.push(String(payload?.content.value))
      return { messageId, conversationId: 'c' }
    })
    const { api } = connectTo({ messages: { sendMessage } })
    const sender = new Sender(unaryLane(api))
    await Promise.all(['one', 'two', 'three'].map((text) => sender.send({ conversationId: 'c', text })))
    expect(got).toEqual(['one', 'two', 'three'])
    expect(sendMessage.mock.calls[0]![0].messageId).toBe(sendMessage.mock.calls[1]![0].messageId)
  })

  test('does not make other targets wait', async () => {
    const sendMessage = ({ messageId, to }: SendMessageRequest) =>
      to === 'slow' ? new Promise<never>(() => {}) : { messageId, conversationId: 'c' }
    const { api } = connectTo({ messages: { sendMessage } })
    const sender = new Sender(unaryLane(api))
    void sender.send({ to: 'slow', text: 'x' }).catch(() => {})
    await expect(sender.send({ to: 'bruno', text: 'y' })).resolves.toMatchObject({ conversationId: 'c' })
    sender.close()
  })
})

async function* hang(_: unknown, { signal }: { signal: AbortSignal }): AsyncGenerator<never> {
  await until(() => signal.aborted)
}
