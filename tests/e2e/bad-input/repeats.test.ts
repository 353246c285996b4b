import { create } from '@bufbuild/protobuf'
import { newId } from '@chat4all/base'
import { ConversationType } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import {
  MessageService,
  type SendMessageResponse,
  type SendResult,
  type SendStreamResponse,
} from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exchange } from '../support/exchange.ts'
import { describe as describeRefusal, refused } from '../support/refusal.ts'
import { type Person, type Tenant, text, textOf, World } from '../support/world.ts'

const REUSED = 'ALREADY_EXISTS IDEMPOTENCY_KEY_REUSED'
const { sendMessage, sendStream, listMessages, deleteMessage, editMessage } = MessageService.method
const { createConversation, listConversations } = ConversationService.method

let world: World
let acme: Tenant
let ana: Person
let bo: Person
let group: string
beforeAll(async () => {
  world = await World.start()
  acme = await world.tenant()
  ;[ana, bo] = (await acme.people('ana', 'bo')) as [Person, Person]
  group = await acme.group(ana, bo)
})
afterAll(() => world[Symbol.asyncDispose]())

interface Send {
  readonly messageId: string
  readonly conversationId?: string
  readonly to?: string
  readonly payload: ReturnType<typeof text>
  readonly replyTo?: string
  readonly mentions?: string[]
  readonly metadata?: Record<string, string>
  readonly channels?: string[]
}

const send = (request: Send, by = ana) => by.call(sendMessage, request)

async function sendOverStream(by: Person, ...messages: readonly Send[]): Promise<SendResult[]> {
  const { answers } = await exchange(by.client, sendStream, create(sendStream.input, { messages: [...messages] }))
  return (answers as SendStreamResponse[]).flatMap(({ results }) => results)
}

function outcomeOf({ outcome }: SendResult): string {
  return outcome.case === 'error' ? describeRefusal(outcome.value) : 'OK'
}

/** How often an id is in a conversation. */
async function countOf(messageId: string, conversationId = group): Promise<number> {
  await ana.say(conversationId, 'all before this is stored')
  const { messages } = await ana.call(listMessages, { conversationId, pageSize: 200 })
  return messages.filter((message) => message.messageId === messageId).length
}

/** Ids whose repeats are found in different ways: by the log alone, or in the store. */
const ids: Readonly<Record<string, () => string>> = {
  'a new UUID of version 7': newId,
  'a UUID of version 4': () => crypto.randomUUID(),
  'a UUID of version 7 made yesterday': () => withTime(Date.now() - 86_400_000),
  'a UUID of version 7 made tomorrow': () => withTime(Date.now() + 86_400_000),
  'the largest UUID of version 7': () => withTime(2 ** 48 - 1 - Math.floor(Math.random() * 1e6)),
  'the smallest UUID of version 7': () => withTime(Math.floor(Math.random() * 1e6)),
  'a UUID in capitals': () => newId().toUpperCase(),
}

function withTime(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}${newId().slice(13)}`
}

describe.each(Object.entries(ids))('%s', (_name, makeId) => {
  it('repeated with the same content gets the first answer, and is stored once', async () => {
    const request = { messageId: makeId(), conversationId: group, payload: text('once'), metadata: { b: '2', a: '1' }, mentions: ['bo'] }
    const first = await send(request)
    expect(await send(request)).toEqual(first)
    expect(await send({ ...request, messageId: request.messageId.toLowerCase(), metadata: { a: '1', b: '2' } })).toEqual(first)
    const [result] = await sendOverStream(ana, request)
    expect(result?.outcome.value).toEqual(first)
    expect(await countOf(first.messageId)).toBe(1)
    expect(await send(request)).toEqual(first)
  })

  it('repeated with other content is refused, whatever differs', async () => {
    const other = await acme.group(ana, bo)
    const target = await ana.say(group, 'a target')
    const request: Send = { messageId: makeId(), conversationId: group, payload: text('first') }
    await send(request)
    const changes: Readonly<Record<string, Partial<Send>>> = {
      text: { payload: text('second') },
      conversation: { conversationId: other },
      reply: { replyTo: target.messageId },
      mentions: { mentions: ['bo'] },
      metadata: { metadata: { a: '1' } },
      channels: { channels: ['whatsapp'] },
    }
    for (const [name, change] of Object.entries(changes)) {
      expect([name, await refused(send({ ...request, ...change }))]).toEqual([name, REUSED])
      expect([name, (await sendOverStream(ana, { ...request, ...change })).map(outcomeOf)]).toEqual([name, [REUSED]])
    }
    expect(await refused(send(request, bo))).toBe(REUSED)
    expect(await refused(send(request))).toBe('OK')
    expect([await countOf(request.messageId.toLowerCase()), await countOf(request.messageId.toLowerCase(), other)]).toEqual([1, 0])
  })

  it('sent many times at once is stored once, and all get the same answer', async () => {
    const request = { messageId: makeId(), conversationId: group, payload: text('at once') }
    const again = await acme.person('ana')
    const answers = await Promise.all([
      ...Array.from({ length: 20 }, (_, i) => send(request, i % 2 === 0 ? ana : again)),
      ...Array.from({ length: 5 }, async () => (await sendOverStream(ana, request, request))[0]!.outcome.value as SendMessageResponse),
    ])
    expect(new Set(answers.map(({ createTime }) => `${createTime?.seconds}.${createTime?.nanos}`)).size).toBe(1)
    expect(await countOf(request.messageId.toLowerCase())).toBe(1)
  })

  it('sent at once to two conversations reaches one of them, and the other send is refused', async () => {
    const other = await acme.group(ana, bo)
    const messageId = makeId()
    const outcomes = await Promise.all(
      [group, other].map((conversationId) => refused(send({ messageId, conversationId, payload: text('where') }))),
    )
    expect(outcomes.sort()).toEqual([REUSED, 'OK'])
    expect((await countOf(messageId.toLowerCase())) + (await countOf(messageId.toLowerCase(), other))).toBe(1)
  })

  it('repeated twice in one batch of a stream is accepted twice and stored once', async () => {
    const request = { messageId: makeId(), conversationId: group, payload: text('twins') }
    expect((await sendOverStream(ana, request, request, { ...request, payload: text('no twin') })).map(outcomeOf).sort()).toEqual([
      REUSED,
      'OK',
      'OK',
    ])
    expect(await countOf(request.messageId.toLowerCase())).toBe(1)
  })
})

describe('a message id', () => {
  it('may be used by every tenant for itself', async () => {
    const bolt = await world.tenant()
    const [eve] = (await bolt.people('eve')) as [Person]
    const { messageId } = await ana.say(group, 'mine')
    expect(textOf(await eve.say(await bolt.group(eve), 'hers', { messageId }))).toBe('hers')
  })

  it('still answers as at first when the message was edited or deleted since', async () => {
    for (const change of [
      (messageId: string) => ana.call(editMessage, { messageId, payload: text('edited') }),
      (messageId: string) => ana.call(deleteMessage, { messageId }),
    ]) {
      const request = { messageId: newId(), conversationId: group, payload: text('as sent') }
      const first = await send(request)
      await change(request.messageId)
      expect(await send(request)).toEqual(first)
      expect(await countOf(request.messageId)).toBe(1)
    }
  })

  it('still answers to a member who has left by then with NOT_A_MEMBER', async () => {
    const room = await acme.group(ana, bo)
    const request = { messageId: newId(), conversationId: room, payload: text('bye') }
    await send(request, bo)
    await bo.call(ConversationService.method.leaveConversation, { conversationId: room })
    expect(await refused(send(request, bo))).toBe('PERMISSION_DENIED NOT_A_MEMBER')
  })

  it('may come through `to` and through the conversation that was found by it', async () => {
    const request = { messageId: newId(), payload: text('private') }
    const first = await send({ ...request, to: 'bo' })
    expect(await send({ ...request, to: 'bo' })).toEqual(first)
    expect(await send({ ...request, conversationId: first.conversationId })).toEqual(first)
    expect(await countOf(request.messageId, first.conversationId)).toBe(1)
  })

  it('is made by the server when it is absent, each time another', async () => {
    const one = await ana.call(sendMessage, { conversationId: group, payload: text('no id') })
    const other = await ana.call(sendMessage, { conversationId: group, payload: text('no id') })
    expect(one.messageId).not.toBe(other.messageId)
    expect([await countOf(one.messageId), await countOf(other.messageId)]).toEqual([1, 1])
  })
})

describe('after a restart', () => {
  it('repeats are still found, and other content still refused', async () => {
    const requests = Object.values(ids).map((makeId) => ({ messageId: makeId(), conversationId: group, payload: text('before') }))
    const first = await Promise.all(requests.map((request) => send(request)))
    await world.server.kill()
    await world.server.restart()
    await expect.poll(() => refused(ana.call(listConversations, {})), { timeout: 10_000 }).toBe('OK')
    for (const [i, request] of requests.entries()) {
      expect(await send(request)).toEqual(first[i])
      expect((await sendOverStream(ana, request)).map(outcomeOf)).toEqual(['OK'])
      expect(await refused(send({ ...request, payload: text('after') }))).toBe(REUSED)
      expect(await countOf(request.messageId.toLowerCase())).toBe(1)
    }
  })
})

describe('a conversation', () => {
  const make = (request: object, by: Pick<Person, 'call'> = ana) =>
    by.call(createConversation, { type: ConversationType.GROUP, members: ['bo'], ...request })

  it('is created once for a request id, however often and by whatever connection', async () => {
    const requestId = newId()
    const again = await acme.person('ana')
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => make({ requestId, title: 'Once' }, i % 2 === 0 ? ana : again)))
    expect(new Set(answers.map(({ conversation }) => conversation?.conversationId)).size).toBe(1)
    expect(answers.filter(({ created }) => created)).toHaveLength(1)
    expect((await make({ requestId, title: 'Once' })).created).toBe(false)
  })

  it('is not created again under the same request id with other content', async () => {
    const requestId = newId()
    await make({ requestId })
    for (const change of [{ title: 'Other' }, { members: [] }, { metadata: { a: 'b' } }, { type: ConversationType.PRIVATE }])
      expect([change, await refused(make({ requestId, ...change }))]).toEqual([change, REUSED])
  })

  it('has request ids of its own for every caller', async () => {
    const requestId = newId()
    const [mine, theirs, clients] = await Promise.all([
      make({ requestId }),
      make({ requestId, members: ['ana'] }, bo),
      make({ requestId }, acme),
    ])
    expect(new Set([mine, theirs, clients].map(({ conversation }) => conversation?.conversationId)).size).toBe(3)
  })

  it('of two users exists once, whoever opens it and how', async () => {
    const [gil, hu] = (await acme.people('gil', 'hu')) as [Person, Person]
    const found = await Promise.all([
      make({ type: ConversationType.PRIVATE, members: ['hu'] }, gil),
      make({ type: ConversationType.PRIVATE, members: ['gil'] }, hu),
      make({ type: ConversationType.PRIVATE, members: ['hu', 'gil'] }, acme),
      make({ type: ConversationType.PRIVATE, members: ['gil', 'hu'], requestId: newId() }, gil),
    ])
    const sent = await Promise.all([
      send({ messageId: newId(), to: 'hu', payload: text('hi') }, gil),
      send({ messageId: newId(), to: 'gil', payload: text('ho') }, hu),
    ])
    const conversationIds = [
      ...found.map(({ conversation }) => conversation!.conversationId),
      ...sent.map(({ conversationId }) => conversationId),
    ]
    expect(new Set(conversationIds).size).toBe(1)
    expect(found.filter(({ created }) => created)).toHaveLength(1)
    expect((await gil.call(listConversations, {})).conversations).toHaveLength(1)
  })
})

describe('with four partitions', () => {
  // The log tells repeats apart in each partition; between partitions the gateway does, until the store can.
  it('an id that is sent at once to many conversations, which no client may do, is stored once', async () => {
    await using wide = await World.start({ env: { CHAT4ALL_PARTITIONS: '4' } })
    const tenant = await wide.tenant()
    const [eve] = (await tenant.people('eve')) as [Person]
    const rooms = await Promise.all(Array.from({ length: 8 }, () => tenant.group(eve)))
    const messageId = newId()
    const sends = rooms.map((conversationId) => refused(eve.call(sendMessage, { messageId, conversationId, payload: text('where') })))
    const outcomes = new Set(await Promise.all(sends))
    expect([...outcomes].filter((outcome) => outcome !== REUSED)).toEqual(['OK'])
    const stored = rooms.map(async (conversationId) => {
      await eve.say(conversationId, 'all before this is stored')
      const { messages } = await eve.call(listMessages, { conversationId, pageSize: 200 })
      return messages.filter((message) => message.messageId === messageId)
    })
    expect((await Promise.all(stored)).flat()).toHaveLength(1)
    for (const conversationId of rooms)
      expect(await refused(eve.call(sendMessage, { messageId, conversationId, payload: text('elsewhere') }))).toBe(REUSED)
  })
})
