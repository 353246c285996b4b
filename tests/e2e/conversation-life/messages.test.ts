import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { DeliveryState, type Message, type StatusEntry } from '@chat4all/gen/chat4all/v1/message_pb.js'
import {
  type ListMessagesRequest,
  MessageService,
  SendStatus,
  type WatchMessageStatusResponse,
} from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { ReceiptService } from '@chat4all/gen/chat4all/v1/receipt_service_pb.js'
import { waitUntil } from '@chat4all/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Live } from '../support/live.ts'
import { refused } from '../support/refusal.ts'
import { type Person, type Tenant, text, textOf, World } from '../support/world.ts'

const {
  sendMessage,
  getMessage,
  listMessages,
  editMessage,
  listMessageEdits,
  deleteMessage,
  addReaction,
  removeReaction,
  getMessageStatus,
  watchMessageStatus,
} = MessageService.method
const { markReceipts, listReceipts } = ReceiptService.method

let world: World
let acme: Tenant
let ana: Person
let bo: Person
let cleo: Person
beforeAll(async () => {
  world = await World.start()
  acme = await world.tenant()
  ;[ana, bo, cleo] = (await acme.people('ana', 'bo', 'cleo')) as [Person, Person, Person]
})
afterAll(() => world[Symbol.asyncDispose]())

it('a message is accepted, numbered, and the same for everybody', async () => {
  const room = await acme.group(ana, bo)
  const sentAt = Date.now()
  const target = await ana.say(room, 'a target')
  const request = {
    conversationId: room,
    payload: text('hello'),
    replyTo: target.messageId,
    mentions: ['bo'],
    channels: ['all'],
    metadata: { k: 'v' },
  }
  const accepted = await ana.call(sendMessage, request)
  expect(accepted).toMatchObject({ status: SendStatus.ACCEPTED, conversationId: room })
  const { message } = await bo.call(getMessage, { messageId: accepted.messageId })
  expect(message).toMatchObject({
    sequence: 2n,
    revision: 3n,
    from: 'ana',
    replyTo: target.messageId,
    mentions: ['bo'],
    channels: ['all'],
    metadata: { k: 'v' },
  })
  expect(message?.createTime).toEqual(accepted.createTime)
  expect(Math.abs(Number(accepted.createTime!.seconds) * 1000 - sentAt)).toBeLessThan(5_000)
  expect((await acme.call(getMessage, { messageId: accepted.messageId })).message).toEqual(message)
})

it('an API client sends for its users, in a conversation and to a user', async () => {
  const { messageId, conversationId } = await acme.call(sendMessage, { from: 'ana', to: 'new-user', payload: text('welcome') })
  expect((await acme.call(getMessage, { messageId })).message).toMatchObject({ from: 'ana', conversationId })
  const back = await acme.call(sendMessage, { from: 'new-user', conversationId, payload: text('thanks') })
  expect((await ana.call(getMessage, { messageId: back.messageId })).message?.sequence).toBe(2n)
})

it('messages of many senders at once get one order without a gap', async () => {
  const room = await acme.group(ana, bo, cleo)
  await Promise.all(
    [ana, bo, cleo].flatMap((person) =>
      Array.from({ length: 30 }, (_, i) => person.call(sendMessage, { conversationId: room, payload: text(`${person.id} ${i}`) })),
    ),
  )
  await ana.say(room, 'last')
  const read = async (person: Person) =>
    (await person.call(listMessages, { conversationId: room, position: { case: 'since', value: 0n }, pageSize: 200 })).messages
  const messages = await read(bo)
  expect(messages.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 91 }, (_, i) => BigInt(i + 1)))
  expect(await read(cleo)).toEqual(messages)
  expect(messages.map(({ revision }) => revision)).toEqual(messages.map(({ sequence }) => sequence + 1n))
})

describe('history', () => {
  let room: string
  let all: Message[]
  beforeAll(async () => {
    room = await acme.group(ana, bo)
    all = []
    for (let i = 1; i <= 25; i++) all.push(await ana.say(room, `${i}`))
  })

  const list = async (position?: ListMessagesRequest['position'], pageSize = 10) => {
    const pages: string[][] = []
    for (let pageToken = '', first = true; first || pageToken !== ''; first = false) {
      const page = await bo.call(listMessages, {
        conversationId: room,
        pageSize,
        pageToken,
        ...(position === undefined ? {} : { position }),
      })
      pages.push(page.messages.map(textOf))
      pageToken = page.nextPageToken
    }
    return pages
  }
  const up = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `${from + i}`)
  const down = (from: number, to: number) => up(to, from).toReversed()

  it('is read from the newest downwards', async () => {
    expect(await list()).toEqual([down(25, 16), down(15, 6), down(5, 1)])
  })

  it('is read after a place upwards', async () => {
    expect(await list({ case: 'since', value: 12n })).toEqual([up(13, 22), up(23, 25)])
    expect(await list({ case: 'since', value: 0n }, 25)).toEqual([up(1, 25)])
    expect(await list({ case: 'since', value: 25n })).toEqual([[]])
  })

  it('is read before a place downwards', async () => {
    expect(await list({ case: 'before', value: 12n })).toEqual([down(11, 2), ['1']])
    expect(await list({ case: 'before', value: 1n })).toEqual([[]])
  })

  it('is read around a place', async () => {
    expect(await list({ case: 'around', value: 12n }, 5)).toEqual([up(10, 14)])
    expect(await list({ case: 'around', value: 1n }, 5)).toEqual([up(1, 5)])
    expect(await list({ case: 'around', value: 25n }, 5)).toEqual([up(23, 25)])
  })

  it('is read from a time on', async () => {
    const at = (i: number) => ({ case: 'fromTime' as const, value: all[i - 1]!.createTime! })
    const from13 = (await list(at(13), 200)).flat()
    // Messages of one millisecond cannot be told apart by time.
    expect(up(13, 25).every((text) => from13.includes(text)) && from13.length <= 25).toBe(true)
    const first = all.find(
      ({ createTime }) => createTime!.nanos === all[12]!.createTime!.nanos && createTime!.seconds === all[12]!.createTime!.seconds,
    )!
    expect(from13[0]).toBe(textOf(first))
    const { seconds } = all[24]!.createTime!
    expect(await list({ case: 'fromTime', value: { ...all[24]!.createTime!, seconds: seconds + 60n } })).toEqual([[]])
  })

  it('goes on where a page ended although messages come in meanwhile', async () => {
    const page = await bo.call(listMessages, { conversationId: room, pageSize: 10 })
    await ana.say(room, '26')
    const next = await bo.call(listMessages, { conversationId: room, pageSize: 10, pageToken: page.nextPageToken })
    expect(next.messages.map(textOf)).toEqual(down(15, 6))
  })
})

describe('a message that changes', () => {
  it('keeps what it said before, in order', async () => {
    const room = await acme.group(ana, bo)
    const { messageId, createTime } = await ana.say(room, 'first')
    await ana.call(editMessage, { messageId, payload: text('second') })
    const { message } = await ana.call(editMessage, { messageId, payload: text('third') })
    expect(message).toMatchObject({ sequence: 1n, revision: 4n, createTime })
    expect(textOf(message!)).toBe('third')
    expect(message?.editTime).toBeDefined()
    const { edits } = await bo.call(listMessageEdits, { messageId })
    expect(edits.map(({ revision, payload }) => [revision, payload?.content.value])).toEqual([
      [3n, 'first'],
      [4n, 'second'],
    ])
  })

  it('keeps its place and nothing else when it is deleted, for everyone and only once', async () => {
    const room = await acme.group(ana, bo)
    const { messageId } = await bo.say(room, 'secret')
    await bo.call(editMessage, { messageId, payload: text('still secret') })
    await ana.call(addReaction, { messageId, emoji: '👍' })
    const { message } = await ana.call(deleteMessage, { messageId })
    expect(message).toMatchObject({ sequence: 1n, from: 'bo', deletedBy: 'ana', reactions: [] })
    expect([message?.payload, message?.deleteTime === undefined]).toEqual([undefined, false])
    expect((await bo.call(listMessageEdits, { messageId })).edits).toEqual([])
    const again = await bo.call(deleteMessage, { messageId })
    expect(again.message).toEqual(message)
    expect((await bo.call(getMessage, { messageId })).message).toEqual(message)
    const { messages } = await bo.call(listMessages, { conversationId: room })
    expect(messages).toEqual([message])
    expect((await bo.say(room, 'next')).sequence).toBe(2n)
    const gone = await bo.say(room, 'by the client')
    expect((await acme.call(deleteMessage, { messageId: gone.messageId })).message).toMatchObject({ deletedBy: '' })
  })

  it('collects reactions by emoji, each user once', async () => {
    const room = await acme.group(ana, bo, cleo)
    const { messageId } = await ana.say(room, 'vote')
    await bo.call(addReaction, { messageId, emoji: '👍' })
    await bo.call(addReaction, { messageId, emoji: '👍' })
    await cleo.call(addReaction, { messageId, emoji: '👍' })
    const { message } = await cleo.call(addReaction, { messageId, emoji: '🎉' })
    const shown = (m = message) => m?.reactions.map(({ emoji, userIds, count }) => [emoji, userIds, count])
    expect(shown()).toEqual([
      ['👍', ['bo', 'cleo'], 2],
      ['🎉', ['cleo'], 1],
    ])
    await bo.call(removeReaction, { messageId, emoji: '👍' })
    await bo.call(removeReaction, { messageId, emoji: '👍' })
    const after = await cleo.call(removeReaction, { messageId, emoji: '🎉' })
    expect(shown(after.message)).toEqual([['👍', ['cleo'], 1]])
    const { conversation } = await ana.call(ConversationService.method.getConversation, { conversationId: room })
    expect(conversation?.revision).toBe(7n)
  })

  it('takes everything that its members do to it at once', async () => {
    const room = await acme.group(ana, bo, cleo)
    const { messageId } = await ana.say(room, 'busy')
    await Promise.all([
      ...[ana, bo, cleo].flatMap((person) => ['1', '2', '3', '4'].map((emoji) => person.call(addReaction, { messageId, emoji }))),
      ...['x', 'y', 'z'].map((said) => ana.call(editMessage, { messageId, payload: text(said) })),
    ])
    const { message } = await ana.call(getMessage, { messageId })
    expect(message?.reactions.map(({ count }) => count)).toEqual([3, 3, 3, 3])
    expect((await ana.call(listMessageEdits, { messageId })).edits).toHaveLength(3)
    expect(message?.revision).toBe(2n + 12n + 3n)
  })
})

describe('receipts', () => {
  const marks = (conversationId: string, mark: object) => ({ marks: [{ conversationId, ...mark }] })

  it('only rise, read implies delivered, and everybody in the conversation sees them', async () => {
    const room = await acme.group(ana, bo)
    for (const said of ['1', '2', '3']) await ana.say(room, said)
    const mark = async (by: Person, change: object) => (await by.call(markReceipts, marks(room, change))).results[0]!.receipt
    expect(await mark(bo, { deliveredThrough: 2n })).toMatchObject({ userId: 'bo', deliveredThrough: 2n, readThrough: 0n })
    expect(await mark(bo, { readThrough: 3n })).toMatchObject({ deliveredThrough: 3n, readThrough: 3n })
    expect(await mark(bo, { deliveredThrough: 1n, readThrough: 1n })).toMatchObject({ deliveredThrough: 3n, readThrough: 3n })
    expect(await mark(bo, {})).toMatchObject({ deliveredThrough: 3n, readThrough: 3n })
    const { receipts } = await ana.call(listReceipts, { conversationId: room })
    expect(receipts.map(({ userId, deliveredThrough, readThrough }) => [userId, deliveredThrough, readThrough])).toEqual([
      ['ana', 0n, 0n],
      ['bo', 3n, 3n],
    ])
    expect(receipts[1]!.readTime).toBeDefined()
  })

  it('of a hundred conversations come in one call, each answered by itself', async () => {
    const rooms = await Promise.all(Array.from({ length: 99 }, () => acme.group(ana, bo)))
    await Promise.all(rooms.map((room) => ana.say(room, 'hi')))
    const strange = await acme.group(cleo)
    const request = { marks: [...rooms, strange].map((conversationId) => ({ conversationId, readThrough: 1n })) }
    const { results } = await bo.call(markReceipts, request)
    expect(results.map(({ receipt }) => receipt?.readThrough)).toEqual([...Array(99).fill(1n), undefined])
    expect(results[99]?.errorReason).toBe('NOT_A_MEMBER')
    const tooMany = { marks: [...request.marks, { conversationId: rooms[0]!, readThrough: 1n }] }
    expect(await refused(bo.call(markReceipts, tooMany))).toBe('INVALID_ARGUMENT FIELD_INVALID marks')
  })

  it('are marked by an API client for a user it names', async () => {
    const room = await acme.group(ana, bo)
    await ana.say(room, 'hi')
    const { results } = await acme.call(markReceipts, { userId: 'bo', ...marks(room, { readThrough: 1n }) })
    expect(results[0]?.receipt).toMatchObject({ userId: 'bo', readThrough: 1n })
  })

  it('say DELIVERED when one device has it, and the others learn what was read', async () => {
    const [dave] = (await acme.people('dave')) as [Person]
    const room = await acme.group(ana, dave)
    const [phone, laptop] = [dave, await acme.person('dave')]
    using onPhone = await Live.open(phone.client)
    using onLaptop = await Live.open(laptop.client)
    const { messageId } = await ana.say(room, 'hi')
    await Promise.all([onPhone.until('messageCreated'), onLaptop.until('messageCreated')])
    const states = async () => (await ana.call(getMessageStatus, { messageId })).entries.map(({ userId, state }) => [userId, state])
    expect(await states()).toEqual([['dave', DeliveryState.SENT]])
    await phone.call(markReceipts, marks(room, { deliveredThrough: 1n }))
    expect(await states()).toEqual([
      ['dave', DeliveryState.SENT],
      ['dave', DeliveryState.DELIVERED],
    ])
    await laptop.call(markReceipts, marks(room, { readThrough: 1n }))
    const { kind } = await onPhone.until('receipt', (event) => event.kind.value.readThrough === 1n)
    expect(kind.value).toMatchObject({ userId: 'dave', deliveredThrough: 1n })
    expect(await states()).toHaveLength(3)
  })
})

describe('the ledger of a message', () => {
  const view = (entries: readonly StatusEntry[]) =>
    entries.map(({ userId, channel, state, cause }) => `${userId} ${channel} ${DeliveryState[state]} ${cause}`)

  it('tells of every recipient, and never of a member who came later', async () => {
    const room = await acme.group(ana, bo, cleo)
    const { messageId, sequence } = await ana.say(room, 'watched')
    await acme.call(ConversationService.method.addMembers, { conversationId: room, members: ['late'] })
    await bo.call(markReceipts, { marks: [{ conversationId: room, deliveredThrough: sequence }] })
    await bo.call(markReceipts, { marks: [{ conversationId: room, readThrough: sequence }] })
    await cleo.call(markReceipts, { marks: [{ conversationId: room, readThrough: sequence }] })
    const { entries } = await bo.call(getMessageStatus, { messageId })
    expect(view(entries)).toEqual([
      'bo app SENT accepted',
      'cleo app SENT accepted',
      'bo app DELIVERED receipt',
      'bo app READ receipt',
      'cleo app DELIVERED receipt',
      'cleo app READ receipt',
    ])
    const times = entries.map(({ time }) => time!.seconds * 1_000_000_000n + BigInt(time!.nanos))
    expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : 1)))
  })

  it('can be watched until everybody has read it', async () => {
    const room = await acme.group(ana, bo, cleo)
    const { messageId, sequence } = await ana.say(room, 'watched')
    const lines: string[] = []
    let ended = false
    const request = toBinary(watchMessageStatus.input, create(watchMessageStatus.input, { messageId }))
    ana.client
      .open('/chat4all.v1.MessageService/WatchMessageStatus', [request], {
        onMessage: (bytes) =>
          void lines.push(...view((fromBinary(watchMessageStatus.output, bytes) as WatchMessageStatusResponse).entries)),
        onEnd: (failure) => {
          ended = failure === undefined
        },
      })
      .end()
    await waitUntil('the first lines', () => lines.length === 2)
    expect(lines).toEqual(['bo app SENT accepted', 'cleo app SENT accepted'])
    await bo.call(markReceipts, { marks: [{ conversationId: room, deliveredThrough: sequence }] })
    await waitUntil('that Bo has it', () => lines.length === 3)
    await ana.say(room, 'another')
    await bo.call(markReceipts, { marks: [{ conversationId: room, readThrough: sequence }] })
    await waitUntil('that Bo has read it', () => lines.length === 4)
    expect(ended).toBe(false)
    await cleo.call(markReceipts, { marks: [{ conversationId: room, readThrough: sequence + 1n }] })
    await waitUntil('the end', () => ended)
    expect(lines.slice(2)).toEqual([
      'bo app DELIVERED receipt',
      'bo app READ receipt',
      'cleo app DELIVERED receipt',
      'cleo app READ receipt',
    ])
  })

  it('of a message to oneself alone is empty, and watching it ends at once', async () => {
    const { messageId } = await ana.say(await acme.group(ana), 'note')
    expect((await ana.call(getMessageStatus, { messageId })).entries).toEqual([])
    expect(await ana.client.collect(watchMessageStatus, { messageId })).toEqual([])
  })
})
