import { newId } from '@chat4all/base'
import { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { ReceiptService } from '@chat4all/gen/chat4all/v1/receipt_service_pb.js'
import { SyncService } from '@chat4all/gen/chat4all/v1/sync_service_pb.js'
import { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import { waitUntil } from '@chat4all/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Live } from '../support/live.ts'
import { refused } from '../support/refusal.ts'
import { type Person, type Tenant, text, textOf, World } from '../support/world.ts'

const { addMembers, removeMembers, leaveConversation, setMemberRole, updateConversation, createConversation, getConversation } =
  ConversationService.method
const { sendMessage, editMessage, deleteMessage, addReaction } = MessageService.method
const { markReceipts } = ReceiptService.method

let world: World
let acme: Tenant
let ana: Person
let bo: Person
beforeAll(async () => {
  world = await World.start({ env: { CHAT4ALL_HEARTBEAT_SECONDS: '1' } })
  acme = await world.tenant()
  ;[ana, bo] = (await acme.people('ana', 'bo')) as [Person, Person]
})
afterAll(() => world[Symbol.asyncDispose]())

/** The revisions that came of one conversation, in the order they came. */
const revisionsOf = (live: Live, conversationId: string) =>
  live.events.filter((event) => event.conversationId === conversationId && event.revision > 0n).map(({ revision }) => revision)
const saidIn = (live: Live, conversationId: string) =>
  live.messages.filter((message) => message.conversationId === conversationId).map(textOf)
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => BigInt(from + i))

describe('a live stream', () => {
  it('begins with ready, then is live', async () => {
    using live = await Live.open(bo.client)
    expect(live.answers[0]?.ready).toMatchObject({ userId: 'bo', heartbeatSeconds: 1 })
    expect(live.answers.map(({ caughtUp }) => caughtUp)).toEqual([false, true])
    const room = await acme.group(ana, bo)
    const { messageId } = await ana.say(room, 'hello')
    const { kind, revision } = await live.until('messageCreated', (event) => event.conversationId === room)
    expect([kind.value.messageId, textOf(kind.value), revision]).toEqual([messageId, 'hello', 2n])
    expect(saidIn(live, room)).toEqual(['hello'])
  })

  it('brings everything that can happen in a conversation, in order', async () => {
    using live = await Live.open(bo.client)
    const room = await acme.group(ana, bo)
    const { messageId } = await ana.say(room, 'one')
    await ana.call(editMessage, { messageId, payload: text('one!') })
    await bo.call(addReaction, { messageId, emoji: '👍' })
    await ana.call(updateConversation, { conversationId: room, title: 'New', updateMask: { paths: ['title'] } })
    await ana.call(addMembers, { conversationId: room, members: [(await acme.people('cleo'))[0]!.id] })
    await ana.call(setMemberRole, { conversationId: room, userId: 'cleo', role: MemberRole.ADMIN })
    await ana.call(removeMembers, { conversationId: room, members: ['cleo'] })
    await bo.call(markReceipts, { marks: [{ conversationId: room, readThrough: 1n }] })
    await ana.call(deleteMessage, { messageId })
    await live.until('messageUpdated', ({ kind, conversationId }) => conversationId === room && kind.value.deleteTime !== undefined)
    const kinds = live.events.filter(({ conversationId }) => conversationId === room).map(({ kind }) => kind.case)
    expect(kinds).toEqual([
      'conversationCreated',
      'messageCreated',
      'messageUpdated',
      'messageUpdated',
      'conversationUpdated',
      'membersAdded',
      'memberRoleChanged',
      'membersRemoved',
      'receipt',
      'messageUpdated',
    ])
    expect(revisionsOf(live, room)).toEqual(range(1, 9))
  })

  it('first brings what was missed since a cursor, then what happens', async () => {
    const room = await acme.group(ana, bo)
    const before = await Live.open(bo.client)
    await ana.say(room, 'while there')
    await before.until('messageCreated', ({ conversationId }) => conversationId === room)
    before[Symbol.dispose]()
    await ana.say(room, 'while away 1')
    await ana.say(room, 'while away 2')
    using after = await Live.open(bo.client, before.cursor)
    await ana.say(room, 'back')
    await after.until('messageCreated', ({ kind }) => textOf(kind.value) === 'back')
    expect(saidIn(after, room)).toEqual(['while away 1', 'while away 2', 'back'])
    const caughtUp = after.answers.findIndex((answer) => answer.caughtUp)
    const missed = after.answers.slice(0, caughtUp).flatMap(({ events }) => events)
    expect(missed.filter(({ revision }) => revision > 0n)).toHaveLength(2)
  })

  it('goes on from a cursor of a sync, and a sync from a cursor of a stream', async () => {
    const room = await acme.group(ana, bo)
    const { cursor } = await bo.call(SyncService.method.syncChanges, {})
    await ana.say(room, 'one')
    const first = await Live.open(bo.client, cursor)
    await first.until('messageCreated', ({ conversationId }) => conversationId === room)
    first[Symbol.dispose]()
    await ana.say(room, 'two')
    const { events } = await bo.call(SyncService.method.syncChanges, { cursor: first.cursor })
    expect(events.flatMap(({ kind }) => (kind.case === 'messageCreated' ? [textOf(kind.value)] : []))).toEqual(['two'])
  })

  it('loses and repeats nothing when messages pour in while it opens', async () => {
    const room = await acme.group(ana, bo)
    const { cursor } = await bo.call(SyncService.method.syncChanges, {})
    const streams: Live[] = []
    for (let i = 0; i < 100; i++) {
      void ana.call(sendMessage, { conversationId: room, payload: text(`${i}`) })
      if (i % 10 === 0) streams.push(await Live.open(bo.client, cursor))
    }
    await ana.say(room, 'last')
    for (const live of streams) {
      await live.until('messageCreated', ({ kind }) => textOf(kind.value) === 'last')
      expect(revisionsOf(live, room)).toEqual(range(2, 102))
      live[Symbol.dispose]()
    }
  })

  it('of every device brings everything, own sends and read marks included', async () => {
    const room = await acme.group(ana, bo)
    const [phone, laptop] = [bo, await acme.person('bo')]
    using onPhone = await Live.open(phone.client)
    using onLaptop = await Live.open(laptop.client)
    await laptop.say(room, 'from the laptop')
    await phone.call(markReceipts, { marks: [{ conversationId: room, readThrough: 1n }] })
    for (const live of [onPhone, onLaptop]) {
      expect((await live.until('messageCreated', ({ conversationId }) => conversationId === room)).kind.value.from).toBe('bo')
      await live.until(
        'receipt',
        ({ conversationId, kind }) => conversationId === room && kind.value.readThrough === 1n && kind.value.userId === 'bo',
      )
    }
  })

  it('shows an API client what a user sees', async () => {
    const room = await acme.group(ana, bo)
    using live = await Live.open(acme.client, '', 'bo')
    expect(live.answers[0]?.ready?.userId).toBe('bo')
    await ana.say(room, 'seen')
    await live.until('messageCreated', ({ conversationId }) => conversationId === room)
  })

  it('brings nothing of conversations that the user is not in, and nothing of other tenants', async () => {
    const bolt = await world.tenant()
    const [otherAna, otherBo] = (await bolt.people('ana', 'bo')) as [Person, Person]
    using live = await Live.open(bo.client)
    const marker = await acme.group(ana, bo)
    await ana.say(await acme.group(ana), 'alone')
    await otherAna.say(await bolt.group(otherAna, otherBo), 'elsewhere')
    await ana.say(marker, 'marker')
    await live.until('messageCreated', ({ kind }) => textOf(kind.value) === 'marker')
    expect(new Set(live.events.map(({ conversationId }) => conversationId))).toEqual(new Set([marker]))
  })

  it('beats while nothing happens, and every beat carries a cursor', async () => {
    const [quiet] = (await acme.people('quiet')) as [Person]
    using live = await Live.open(quiet.client)
    await waitUntil('two heartbeats', () => live.answers.filter(({ heartbeat }) => heartbeat).length >= 2)
    expect(live.answers.filter(({ heartbeat }) => heartbeat).every(({ cursor }) => cursor !== '')).toBe(true)
    expect(live.events).toEqual([])
    using again = await Live.open(quiet.client, live.cursor)
    expect(again.events).toEqual([])
  })
})

describe('a group that grows and shrinks across 16 members', () => {
  it('keeps flowing to everybody, without a gap or a repeat', async () => {
    const crowd = await acme.people(...Array.from({ length: 18 }, (_, i) => `crowd-${i}`))
    const [owner, second] = crowd as [Person, Person]
    const room = await acme.group(...(crowd.slice(0, 16) as [Person, ...Person[]]))
    const streams = await Promise.all(crowd.map(({ client }) => Live.open(client)))
    const watched = streams.slice(0, 16)
    await owner.say(room, 'at 16')
    await owner.call(addMembers, { conversationId: room, members: ['crowd-16'] })
    await owner.say(room, 'at 17')
    await second.call(markReceipts, { marks: [{ conversationId: room, readThrough: 2n }] })
    await owner.call(addMembers, { conversationId: room, members: ['crowd-17'] })
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => crowd[i % 16]!.call(sendMessage, { conversationId: room, payload: text(`at 18 ${i}`) })),
    )
    // What was said before, but has not reached a member when the removal is acknowledged, does not reach it any more.
    await waitUntil('all has reached who is removed next', () => saidIn(streams[17]!, room).length === 20)
    await owner.call(removeMembers, { conversationId: room, members: ['crowd-16', 'crowd-17'] })
    await owner.say(room, 'back at 16')
    await owner.call(removeMembers, { conversationId: room, members: ['crowd-15'] })
    await owner.call(addMembers, { conversationId: room, members: ['crowd-15', 'crowd-16'] })
    const { revision } = await owner.say(room, 'last')
    expect(revision).toBe(30n)
    for (const [i, live] of watched.entries()) {
      await live.until('messageCreated', ({ kind }) => textOf(kind.value) === 'last')
      // Also of the one who was away for a moment: a member may read what was said meanwhile.
      expect([i, revisionsOf(live, room)]).toEqual([i, range(2, 30)])
    }
    const [joined, gone] = streams.slice(16) as [Live, Live]
    await joined.until('messageCreated', ({ kind }) => textOf(kind.value) === 'last')
    expect(saidIn(joined, room)).toEqual(saidIn(watched[0]!, room).slice(1))
    expect(saidIn(gone, room)).toEqual(saidIn(watched[0]!, room).slice(2, 22))
    for (const live of streams) live[Symbol.dispose]()
  })

  it('tells every member of a receipt, whoever is connected where', async () => {
    const people = (await acme.people('one', 'two', 'three')) as [Person, Person, Person]
    const room = await acme.group(...people)
    await people[0].say(room, 'read this')
    const lives = await Promise.all(people.map(({ client }) => Live.open(client)))
    await people[1].call(markReceipts, { marks: [{ conversationId: room, deliveredThrough: 1n, readThrough: 1n }] })
    for (const live of lives) await live.until('receipt', ({ kind }) => kind.value.userId === 'two' && kind.value.readThrough === 1n)
    for (const live of lives) live[Symbol.dispose]()
  })

  it('tells everybody of their own receipts only, once it is large', async () => {
    const crowd = await acme.people(...Array.from({ length: 17 }, (_, i) => `many-${i}`))
    const room = await acme.group(...(crowd as [Person, ...Person[]]))
    const [one, two] = crowd as [Person, Person]
    using oneLive = await Live.open(one.client)
    using twoLive = await Live.open(two.client)
    await one.say(room, 'hi')
    for (const person of [one, two]) await person.call(markReceipts, { marks: [{ conversationId: room, readThrough: 1n }] })
    await Promise.all([oneLive.until('receipt'), twoLive.until('receipt')])
    await one.say(room, 'marker')
    await Promise.all([oneLive, twoLive].map((live) => live.until('messageCreated', ({ kind }) => textOf(kind.value) === 'marker')))
    const told = (live: Live) => live.events.flatMap(({ kind }) => (kind.case === 'receipt' ? [kind.value.userId] : []))
    expect([told(oneLive), told(twoLive)]).toEqual([['many-0'], ['many-1']])
  })

  it('reaches a user who joined it while away, from the first message on', async () => {
    const crowd = await acme.people(...Array.from({ length: 17 }, (_, i) => `away-${i}`), 'joiner')
    const joiner = crowd.at(-1)!
    const room = await acme.group(...(crowd.slice(0, 17) as [Person, ...Person[]]))
    using live = await Live.open(joiner.client)
    await crowd[0]!.say(room, 'before')
    await crowd[0]!.call(addMembers, { conversationId: room, members: ['joiner'] })
    for (let i = 0; i < 5; i++) await crowd[i]!.say(room, `after ${i}`)
    await live.until('messageCreated', ({ kind }) => textOf(kind.value) === 'after 4')
    expect(saidIn(live, room)).toEqual(['after 0', 'after 1', 'after 2', 'after 3', 'after 4'])
  })
})

describe('a member who is removed while subscribed', () => {
  it.each([
    ['a small group', 3],
    ['a large group', 20],
  ])('of %s is told so, sees nothing after it, and can send nothing more', async (_name, size) => {
    const people = await acme.people(...Array.from({ length: size }, (_, i) => `g${size}-${i}`))
    const [owner, leaver] = people as [Person, Person]
    const room = await acme.group(...(people as [Person, ...Person[]]))
    const stayed = await acme.group(owner, leaver)
    using live = await Live.open(leaver.client)
    using second = await Live.open((await acme.person(leaver.id)).client)
    let sending = true
    let sent = 0
    const pouring = (async () => {
      while (sending) await owner.call(sendMessage, { conversationId: room, payload: text(`${sent++}`) })
    })()
    await live.until('messageCreated', ({ conversationId }) => conversationId === room)
    await owner.call(removeMembers, { conversationId: room, members: [leaver.id] })
    // From here on the removal is acknowledged.
    const sentUntilNow = sent
    const removed = await refused(leaver.call(sendMessage, { conversationId: room, payload: text('too late') }))
    expect(removed).toBe('PERMISSION_DENIED NOT_A_MEMBER')
    expect(await refused(leaver.call(getConversation, { conversationId: room }))).toBe('PERMISSION_DENIED NOT_A_MEMBER')
    await waitUntil('more was sent', () => sent > sentUntilNow + 20)
    sending = false
    await pouring
    await owner.say(stayed, 'marker')
    for (const stream of [live, second]) {
      await stream.until('messageCreated', ({ kind }) => textOf(kind.value) === 'marker')
      const last = stream.events.findLast(({ conversationId }) => conversationId === room)
      expect(last?.kind).toMatchObject({ case: 'membersRemoved', value: { userIds: [leaver.id], removedBy: owner.id } })
      const messages = saidIn(stream, room)
      expect(messages.length).toBeLessThanOrEqual(sentUntilNow)
    }
  })

  it('is told nothing after the acknowledgement, not even what was sent just before', async () => {
    const [owner, leaver] = (await acme.people('owner', 'leaver')) as [Person, Person]
    const room = await acme.group(owner, leaver)
    using live = await Live.open(leaver.client)
    for (let round = 0; round < 10; round++) {
      await Promise.all([
        ...Array.from({ length: 5 }, (_, i) => owner.call(sendMessage, { conversationId: room, payload: text(`${round} ${i}`) })),
        owner.call(removeMembers, { conversationId: room, members: [leaver.id] }),
      ])
      const seen = live.messages.length
      await owner.say(room, `secret ${round}`)
      await owner.say(room, `secret again ${round}`)
      expect(live.messages.length).toBeLessThanOrEqual(seen + 5)
      expect(saidIn(live, room).filter((said) => said.includes(`secret ${round}`) || said.includes(`again ${round}`))).toEqual([])
      // Back in the group, a member may read what was said meanwhile, and is told.
      await owner.call(addMembers, { conversationId: room, members: [leaver.id] })
      await owner.say(room, `welcome ${round}`)
      await live.until('messageCreated', ({ kind }) => textOf(kind.value) === `welcome ${round}`)
    }
    // What was withheld with a removal came once the member was back: nothing is missing, though some of it may have come twice.
    const seen = [...new Set(revisionsOf(live, room))].toSorted((x, y) => Number(x - y))
    expect(seen).toEqual(range(2, seen.length + 1))
  })

  it('may leave, and be told so', async () => {
    const room = await acme.group(ana, bo)
    using live = await Live.open(bo.client)
    await bo.call(leaveConversation, { conversationId: room })
    expect((await live.until('membersRemoved')).kind.value).toMatchObject({ userIds: ['bo'], removedBy: 'bo' })
    expect(live.ended).toBe(false)
  })

  it('who comes back is told what was said meanwhile, but not before', async () => {
    const room = await acme.group(ana, bo)
    using live = await Live.open(bo.client)
    await ana.call(removeMembers, { conversationId: room, members: ['bo'] })
    await ana.say(room, 'hidden')
    const other = await acme.group(ana, bo)
    await live.until('conversationCreated', ({ conversationId }) => conversationId === other)
    expect(saidIn(live, room)).toEqual([])
    await ana.call(addMembers, { conversationId: room, members: ['bo'] })
    await ana.say(room, 'shown')
    await live.until('messageCreated', ({ kind }) => textOf(kind.value) === 'shown')
    expect(saidIn(live, room)).toEqual(['hidden', 'shown'])
  })
})

describe('a live stream ends', () => {
  const TOKEN_INVALID = 'UNAUTHENTICATED TOKEN_INVALID'

  it('when its token expires', async () => {
    const brief = await acme.person('bo', 1)
    using live = await Live.open(brief.client)
    expect(await live.end()).toBe(TOKEN_INVALID)
    using again = await Live.open(bo.client, live.cursor)
    expect(again.ended).toBe(false)
  })

  it('when its token is revoked, before the revocation is acknowledged, and no other', async () => {
    const device = await acme.person('bo')
    using live = await Live.open(device.client)
    using other = await Live.open(bo.client)
    await acme.call(AuthService.method.revokeToken, { token: device.token })
    expect(await live.end()).toBe(TOKEN_INVALID)
    await ana.say(await acme.group(ana, bo), 'still there')
    await other.until('messageCreated', ({ kind }) => textOf(kind.value) === 'still there')
    expect(live.messages.map(textOf)).not.toContain('still there')
  })

  it('when its token is revoked in the very moment it opens', async () => {
    for (let i = 0; i < 20; i++) {
      const device = await acme.person('bo')
      const [opened] = await Promise.all([
        Live.open(device.client).catch(() => undefined),
        acme.call(AuthService.method.revokeToken, { token: device.token }),
      ])
      if (opened !== undefined) expect(await opened.end()).toBe(TOKEN_INVALID)
    }
  })

  it('when its API client is revoked, with those of the users it minted tokens for', async () => {
    const { apiClient, clientSecret } = await acme.call(AdminService.method.createApiClient, {})
    const client = world.track(await world.server.apiClient({ client_id: apiClient!.clientId, client_secret: clientSecret }))
    const user = world.track(await client.asUser('bo'))
    using clientLive = await Live.open(client, '', 'bo')
    using userLive = await Live.open(user)
    await acme.call(AdminService.method.revokeApiClient, { clientId: apiClient!.clientId })
    expect([await clientLive.end(), await userLive.end()]).toEqual([TOKEN_INVALID, TOKEN_INVALID])
  })

  it('when its user is deactivated, whoever opened it', async () => {
    const [doomed] = (await acme.people('doomed')) as [Person]
    using live = await Live.open(doomed.client)
    using byClient = await Live.open(acme.client, '', 'doomed')
    await acme.call(UserService.method.deactivateUser, { userId: 'doomed' })
    const deactivated = 'FAILED_PRECONDITION USER_DEACTIVATED'
    expect([await live.end(), await byClient.end()]).toEqual([deactivated, deactivated])
    await acme.call(UserService.method.upsertUser, { user: { userId: 'doomed' } })
    using again = await Live.open((await acme.person('doomed')).client, live.cursor)
    expect(again.ended).toBe(false)
  })

  it('when the server stops, telling the client to come back; then nothing is missing', async () => {
    const room = await acme.group(ana, bo)
    const live = await Live.open(bo.client)
    await ana.say(room, 'before')
    await live.until('messageCreated', ({ conversationId }) => conversationId === room)
    const stopped = world.server.terminate()
    expect(await live.end()).toBe('UNAVAILABLE SHUTTING_DOWN')
    expect(await stopped).toBe(0)
    await world.server.restart()
    await expect.poll(() => refused(ana.call(getConversation, { conversationId: room })), { timeout: 10_000 }).toBe('OK')
    await ana.say(room, 'after')
    for (const client of [ana.client, bo.client, acme.client]) client.reconnect()
    using again = await Live.open(bo.client, live.cursor)
    await again.until('messageCreated', ({ kind }) => textOf(kind.value) === 'after')
    expect(saidIn(again, room)).toEqual(['after'])
  })
})

describe('a slow reader', () => {
  it('is cut off, resumes where it was, and holds up nobody', async () => {
    await using small = await World.start({ env: { CHAT4ALL_SUBSCRIBER_QUEUE_BYTES: '262144' } })
    const tenant = await small.tenant()
    const [writer, slow, quick] = (await tenant.people('writer', 'slow', 'quick')) as [Person, Person, Person]
    const room = await tenant.group(writer, slow, quick)
    using quickLive = await Live.open(quick.client)
    const slowLive = await Live.open(slow.client)
    slowLive.pause()
    const said = 'x'.repeat(10_000)
    for (let i = 0; i < 60; i++) {
      await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          writer.call(sendMessage, { conversationId: room, messageId: newId(), payload: text(`${i * 10 + n} ${said}`) }),
        ),
      )
      // On a busy machine this process could be a slow reader itself.
      await expect.poll(() => revisionsOf(quickLive, room).length, { timeout: 10_000 }).toBe(10 * (i + 1))
    }
    await writer.say(room, 'last')
    await quickLive.until('messageCreated', ({ kind }) => textOf(kind.value) === 'last')
    expect(revisionsOf(quickLive, room)).toEqual(range(2, 602))
    slowLive.resume()
    expect(await slowLive.end()).toBe('RESOURCE_EXHAUSTED SLOW_CONSUMER')
    const seen = revisionsOf(slowLive, room)
    expect(seen).toEqual(range(2, seen.length + 1))
    expect(seen.length).toBeLessThan(601)
    using again = await Live.open(slow.client, slowLive.cursor)
    expect(revisionsOf(again, room)).toEqual(range(seen.length + 2, 602))
    await writer.call(createConversation, { type: 2, members: ['slow'] })
    await again.until('conversationCreated')
  })
})
