import { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { LiveService } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { createClient } from '@connectrpc/connect'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { asChatError } from '../src/index.ts'
import { as, FLOOD_FRAMES, MESSAGE, textTo } from './fixture.ts'
import { FRONTS, Fronts, FULL_DUPLEX } from './fronts.ts'

let fronts: Fronts
beforeAll(async () => {
  fronts = await Fronts.start()
})
afterAll(() => fronts[Symbol.asyncDispose]())
beforeEach(() => {
  fronts.seen.contexts.length = 0
  fronts.seen.written = 0
  fronts.seen.flooded = false
  fronts.seen.ends = 0
})

const headers = as('user')

/** What a caller can tell about an error. */
async function errorOf(call: Promise<unknown>) {
  const error = asChatError(
    await call.then(
      () => undefined,
      (thrown: unknown) => thrown,
    ),
  )
  const { reason, message, metadata, fields, retryAfterMs } = error
  return { reason, message, metadata, fields, retryAfterMs }
}

async function collect<T>(messages: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(messages)
}

describe.each(FRONTS)('%s', (name) => {
  const messages = () => createClient(MessageService, fronts.transports[name])
  const live = () => createClient(LiveService, fronts.transports[name])

  test('answers a unary call for the principal of the token', async () => {
    expect(await messages().sendMessage(textTo('bob'), { headers })).toMatchObject({ messageId: MESSAGE, conversationId: 'ada' })
  })

  test('answers a large response', async () => {
    const { message } = await messages().getMessage({ messageId: MESSAGE }, { headers })
    expect(message?.metadata.filler).toHaveLength(20_000)
  })

  test('returns the request id of the caller, and makes one in place of a bad one', async () => {
    const idFor = async (given: string) => {
      let id: string | null = null
      const onHeader = (header: Headers) => {
        id = header.get('x-request-id')
      }
      await messages().sendMessage(textTo('bob'), { headers: { ...headers, 'x-request-id': given }, onHeader })
      return id
    }
    expect(await idFor('order-7')).toBe('order-7')
    expect(await idFor('a b')).toMatch(/^[\w-]{12}-[0-9a-z]+$/)
    expect(await idFor('x'.repeat(129))).toMatch(/^[\w-]{12}-[0-9a-z]+$/)
  })

  test('streams responses in order, messages and shared frames alike', async () => {
    const responses = await collect(live().subscribe({}, { headers }))
    expect(responses.map(({ ready, heartbeat }) => ready?.userId ?? heartbeat)).toEqual(['ada', true, true, true])
  })

  test('passes a reason with its details', async () => {
    const expected = {
      reason: 'RATE_LIMITED',
      message: 'Too much at once: wait.',
      metadata: { limit: '10' },
      fields: [],
      retryAfterMs: 1500,
    }
    expect(await errorOf(messages().sendMessage(textTo('limited'), { headers }))).toEqual(expected)
    expect(await errorOf(collect(live().subscribe({ cursor: 'limited' }, { headers })))).toEqual(expected)
  })

  test('names every field that breaks a rule', async () => {
    const error = await errorOf(
      messages().sendMessage({ messageId: 'x', to: 'bob', payload: { content: { case: 'text', value: ' ' } } }, { headers }),
    )
    expect(error.reason).toBe('FIELD_INVALID')
    expect(error.fields.map(({ field }) => field)).toEqual(['message_id', 'payload.text'])
    expect(error.fields[0]?.description).toContain('valid UUID')
  })

  test('hides the text of a defect and gives a request id to report', async () => {
    const expected = {
      reason: 'INTERNAL',
      message: 'The server failed. Report the request id.',
      metadata: { request_id: 'r1' },
      fields: [],
      retryAfterMs: undefined,
    }
    const withId = { headers: { ...headers, 'x-request-id': 'r1' } }
    expect(await errorOf(messages().sendMessage(textTo('bug'), withId))).toEqual(expected)
    expect(await errorOf(collect(live().subscribe({ cursor: 'bug' }, withId)))).toEqual(expected)
  })

  test('refuses calls without a token, with a bad one, and with one of the wrong kind', async () => {
    const auth = createClient(AuthService, fronts.transports[name])
    const admin = createClient(AdminService, fronts.transports[name])
    expect(await auth.createToken({ clientId: 'c', clientSecret: 's' })).toMatchObject({ accessToken: 'c' })
    expect(await errorOf(messages().sendMessage(textTo('bob')))).toMatchObject({ reason: 'TOKEN_INVALID' })
    expect(await errorOf(collect(live().subscribe({}, { headers: as('stranger') })))).toMatchObject({ reason: 'TOKEN_INVALID' })
    expect(await errorOf(auth.createUserToken({ userId: 'ada' }, { headers }))).toMatchObject({ reason: 'ACCESS_DENIED' })
    expect(await auth.createUserToken({ userId: 'ada' }, { headers: as('client') })).toMatchObject({ accessToken: '' })
    expect(await errorOf(admin.listTenants({}, { headers: as('client') }))).toMatchObject({ reason: 'ACCESS_DENIED' })
    expect(await admin.listTenants({}, { headers: as('operator') })).toMatchObject({ tenants: [] })
  })

  test('ends a call at its deadline', async () => {
    expect(await errorOf(messages().sendMessage(textTo('hang'), { headers, timeoutMs: 100 }))).toMatchObject({
      reason: 'DEADLINE_EXCEEDED',
    })
    expect(await errorOf(collect(live().subscribe({ cursor: 'idle' }, { headers, timeoutMs: 100 })))).toMatchObject({
      reason: 'DEADLINE_EXCEEDED',
    })
    await vi.waitFor(() => expect(fronts.seen.contexts.map(({ signal }) => signal.aborted)).toEqual([true, true]))
  })

  test('tells the handler when the caller goes away', async () => {
    const leave = new AbortController()
    const call = messages().sendMessage(textTo('hang'), { headers, signal: leave.signal })
    await vi.waitFor(() => expect(fronts.seen.contexts).toHaveLength(1))
    leave.abort()
    expect(await errorOf(call)).toMatchObject({ reason: 'CANCELLED' })
    await vi.waitFor(() => expect(fronts.seen.contexts[0]?.signal.reason).toMatchObject({ reason: 'CANCELLED' }))
  })

  test('holds back the writer for a slow reader, and releases it when the reader leaves', async () => {
    const leave = new AbortController()
    const responses = live().subscribe({ cursor: 'flood' }, { headers, signal: leave.signal })[Symbol.asyncIterator]()
    for (let i = 0; i < 20; i++) await responses.next()
    leave.abort()
    await responses.next().catch(() => {})
    await vi.waitFor(() => expect(fronts.seen.flooded).toBe(true), 5000)
    expect(fronts.seen.written).toBeLessThan(FLOOD_FRAMES)
  })
})

describe.each(FULL_DUPLEX)('%s, both directions at once', (name) => {
  const messages = () => createClient(MessageService, fronts.transports[name])

  test('answers each message as it comes', async () => {
    const gaps = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    async function* requests() {
      yield { messages: [textTo('bob')] }
      for (const gap of gaps) {
        await gap.promise
        yield { messages: [textTo('bob'), textTo('eve')] }
      }
    }
    const counts: number[] = []
    for await (const { results } of messages().sendStream(requests(), { headers })) {
      counts.push(results.length)
      gaps[counts.length - 1]?.resolve()
    }
    expect(counts).toEqual([1, 2, 2])
    expect(fronts.seen.ends).toBe(1)
  })

  test('ends with the error of the message that fails, after the answers before it', async () => {
    async function* requests(last: string) {
      yield { messages: [textTo('bob')] }
      yield { messages: last === 'invalid' ? [] : [textTo(last)] }
    }
    for (const [last, reason] of [
      ['limited', 'RATE_LIMITED'],
      ['invalid', 'FIELD_INVALID'],
    ] as const) {
      const responses = messages().sendStream(requests(last), { headers })[Symbol.asyncIterator]()
      expect((await responses.next()).value?.results).toHaveLength(1)
      expect(await errorOf(responses.next())).toMatchObject({ reason })
    }
    expect(fronts.seen.ends).toBe(0)
  })
})
