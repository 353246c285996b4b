import { createHash } from 'node:crypto'
import { uuidToBytes } from '@chat4all/base'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import type { Event } from '@chat4all/gen/chat4all/v1/event_pb.js'
import type { Message } from '@chat4all/gen/chat4all/v1/message_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { ReceiptService } from '@chat4all/gen/chat4all/v1/receipt_service_pb.js'
import { type SnapshotInstruction, SyncService } from '@chat4all/gen/chat4all/v1/sync_service_pb.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Live } from '../support/live.ts'
import { refused } from '../support/refusal.ts'
import { type Person, type Tenant, text, textOf, World } from '../support/world.ts'

const { listChanges, syncChanges, getRangeDigest } = SyncService.method
const { removeMembers, addMembers, updateConversation } = ConversationService.method
const { editMessage, deleteMessage, addReaction } = MessageService.method

let world: World
let acme: Tenant
let ana: Person
let bo: Person
beforeAll(async () => {
  world = await World.start()
  acme = await world.tenant()
  ;[ana, bo] = (await acme.people('ana', 'bo')) as [Person, Person]
})
afterAll(() => world[Symbol.asyncDispose]())

const durable = (events: readonly Event[]) => events.filter(({ revision }) => revision > 0n)
const shapes = (events: readonly Event[]) => durable(events).map(({ revision, kind }) => `${revision} ${kind.case}`)

/** Asks again and again until there is nothing more, as a returning client does. */
async function syncAll(person: Pick<Person, 'call'>, cursor: string, pageSize: number, userId = '') {
  const pages: Event[][] = []
  const snapshots: SnapshotInstruction[] = []
  for (let more = true; more; ) {
    const answer = await person.call(syncChanges, { cursor, pageSize, userId })
    pages.push(answer.events)
    snapshots.push(...answer.snapshots)
    ;({ cursor, more } = answer)
    expect(pages.length).toBeLessThan(200)
  }
  return { events: pages.flat(), pages, snapshots, cursor }
}

/** Of each conversation the revisions come in order, without a gap. */
function checkOrder(events: readonly Event[]): void {
  for (const [id, changes] of Map.groupBy(durable(events), ({ conversationId }) => conversationId)) {
    const first = changes[0]!.revision
    expect([id, changes.map(({ revision }) => revision)]).toEqual([id, changes.map((_, i) => first + BigInt(i))])
  }
}

describe('waiting for changes', () => {
  const wait = async (person: Person, seconds: number) => {
    const { cursor } = await person.call(syncChanges, {})
    const started = performance.now()
    return {
      cursor,
      answer: person.call(syncChanges, { cursor, wait: seconds }).then((given) => ({ ...given, ms: performance.now() - started })),
    }
  }

  it('ends with the first news, and what follows is not lost', async () => {
    const room = await acme.group(ana, bo)
    const { answer } = await wait(bo, 30)
    await ana.say(room, 'news')
    await ana.say(room, 'more')
    const { events, cursor, ms } = await answer
    expect(ms).toBeLessThan(20_000)
    const rest = await syncAll(bo, cursor, 10)
    const texts = [...events, ...rest.events].flatMap(({ kind }) => (kind.case === 'messageCreated' ? [textOf(kind.value)] : []))
    expect(texts).toEqual(['news', 'more'])
  })

  it('ends without news when the time is over', async () => {
    const [quiet] = (await acme.people('quiet')) as [Person]
    const { answer } = await wait(quiet, 1)
    const { events, cursor, more, ms } = await answer
    expect([events, more]).toEqual([[], false])
    expect(ms).toBeGreaterThanOrEqual(1_000)
    expect(cursor).not.toBe('')
  })

  it('does not wait for what is there already', async () => {
    const room = await acme.group(ana, bo)
    const { cursor } = await bo.call(syncChanges, {})
    await ana.say(room, 'before')
    const started = performance.now()
    const { events } = await bo.call(syncChanges, { cursor, wait: 30 })
    expect(events.length).toBeGreaterThan(0)
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})

describe('the changes of one conversation', () => {
  it('come in order, page by page, from any revision', async () => {
    const room = await acme.group(ana, bo)
    const { messageId } = await ana.say(room, 'one')
    await ana.call(editMessage, { messageId, payload: text('one!') })
    await bo.call(addReaction, { messageId, emoji: '👍' })
    await ana.say(room, 'two')
    await ana.call(updateConversation, { conversationId: room, title: 'New', updateMask: { paths: ['title'] } })
    const all = await bo.call(listChanges, { conversationId: room })
    const expected = [
      '1 conversationCreated',
      '2 messageCreated',
      '3 messageUpdated',
      '4 messageUpdated',
      '5 messageCreated',
      '6 conversationUpdated',
    ]
    expect([shapes(all.events), all.revision, all.snapshot]).toEqual([expected, 6n, undefined])
    const page = await bo.call(listChanges, { conversationId: room, afterRevision: 2n, pageSize: 2 })
    expect([shapes(page.events), page.revision]).toEqual([expected.slice(2, 4), 6n])
    expect((await bo.call(listChanges, { conversationId: room, afterRevision: 6n })).events).toEqual([])
    expect((await acme.call(listChanges, { conversationId: room })).events).toEqual(all.events)
    // A message comes as it stands now, which may be newer than the revision.
    const [, created] = all.events
    expect(created?.kind.value).toMatchObject({ messageId, revision: 4n, reactions: [{ emoji: '👍' }] })
  })
})

describe('everything that changed for a user', () => {
  it('is nothing at first, but a cursor to start from', async () => {
    await ana.say(await acme.group(ana, bo), 'before')
    const { events, snapshots, more, cursor } = await bo.call(syncChanges, {})
    expect([events, snapshots, more]).toEqual([[], [], false])
    expect((await bo.call(syncChanges, { cursor })).events.filter(({ kind }) => kind.case !== 'receipt')).toEqual([])
  })

  it('comes complete in pages of any size, and the last cursor goes on from there', async () => {
    const [eve, fay] = (await acme.people('eve', 'fay')) as [Person, Person]
    const rooms = await Promise.all(Array.from({ length: 7 }, () => acme.group(eve, fay)))
    const { cursor } = await fay.call(syncChanges, {})
    for (const [i, room] of rooms.entries()) for (let n = 0; n <= i * 4; n++) await eve.say(room, `${n}`)
    const gone = await eve.say(rooms[0]!, 'deleted')
    await eve.call(deleteMessage, { messageId: gone.messageId })
    const fresh = await acme.group(eve, fay)
    await eve.call(ReceiptService.method.markReceipts, { marks: [{ conversationId: rooms[0]!, readThrough: 1n }] })
    const whole = await syncAll(fay, cursor, 1_000)
    checkOrder(whole.events)
    expect(durable(whole.events)).toHaveLength(1 + 5 + 9 + 13 + 17 + 21 + 25 + 2 + 1)
    expect(whole.events.filter(({ kind }) => kind.case === 'receipt').map(({ conversationId }) => conversationId)).toContain(rooms[0])
    expect(durable(whole.events).map(({ conversationId }) => conversationId)).toContain(fresh)
    for (const pageSize of [1, 3, 10]) {
      const paged = await syncAll(fay, cursor, pageSize)
      expect(paged.pages.length).toBeGreaterThan(5)
      checkOrder(paged.events)
      expect(durable(paged.events)).toEqual(durable(whole.events))
    }
    await eve.say(rooms[3]!, 'later')
    const later = await syncAll(fay, whole.cursor, 10)
    expect(durable(later.events).map(({ kind }) => textOf(kind.value as Message))).toEqual(['later'])
    expect(durable((await syncAll(acme, cursor, 1_000, 'fay')).events)).toHaveLength(94 + 1)
  })

  it('misses nothing that happens between two pages', async () => {
    const [gus, hal] = (await acme.people('gus', 'hal')) as [Person, Person]
    const rooms = (await Promise.all(Array.from({ length: 3 }, () => acme.group(gus, hal)))).toSorted() as [string, string, string]
    const start = await hal.call(syncChanges, {})
    for (const room of rooms) for (const said of ['1', '2', '3']) await gus.say(room, said)
    const seen: Event[] = []
    let { cursor } = start
    for (let more = true, page = 0; more; page++) {
      const answer = await hal.call(syncChanges, { cursor, pageSize: 2 })
      seen.push(...answer.events)
      ;({ cursor, more } = answer)
      if (page < 5) for (const room of rooms) await gus.say(room, `during ${page}`)
    }
    seen.push(...(await syncAll(hal, cursor, 2)).events)
    // What is seen twice has the same revision: a client drops it.
    for (const room of rooms) {
      const revisions = new Set(
        durable(seen)
          .filter((event) => event.conversationId === room)
          .map(({ revision }) => revision),
      )
      expect([room, [...revisions].toSorted((a, b) => Number(a - b))]).toEqual([room, Array.from({ length: 8 }, (_, i) => BigInt(i + 2))])
    }
  })

  it('tells a removed member of the removal, and of nothing after it', async () => {
    const [ida] = (await acme.people('ida')) as [Person]
    const room = await acme.group(ana, ida)
    const { cursor } = await ida.call(syncChanges, {})
    await ana.say(room, 'seen')
    await ana.call(removeMembers, { conversationId: room, members: ['ida'] })
    await ana.say(room, 'not for Ida')
    const { events } = await syncAll(ida, cursor, 1)
    expect(shapes(events).at(-1)).toBe('3 membersRemoved')
    expect(JSON.stringify(events.map(({ kind }) => kind.case))).not.toContain('not for Ida')
    expect(events.some(({ kind }) => kind.case === 'messageCreated' && textOf(kind.value) === 'not for Ida')).toBe(false)
    expect(await refused(ida.call(listChanges, { conversationId: room }))).toBe('PERMISSION_DENIED NOT_A_MEMBER')
  })

  it('holds across a restart of the server', async () => {
    const room = await acme.group(ana, bo)
    const { cursor } = await bo.call(syncChanges, {})
    await ana.say(room, 'before')
    await world.server.kill()
    await world.server.restart()
    await expect.poll(() => refused(ana.call(listChanges, { conversationId: room })), { timeout: 10_000 }).toBe('OK')
    await ana.say(room, 'after')
    const { events } = await syncAll(bo, cursor, 100)
    const said = events.flatMap(({ conversationId, kind }) =>
      conversationId === room && kind.case === 'messageCreated' ? [textOf(kind.value)] : [],
    )
    expect(said).toEqual(['before', 'after'])
  })
})

describe('a digest', () => {
  const digestOf = (messages: readonly Message[]) => {
    const hash = createHash('sha256')
    for (const { sequence, messageId, revision } of messages) {
      const numbers = Buffer.alloc(16)
      numbers.writeBigInt64BE(sequence, 0)
      numbers.writeBigInt64BE(revision, 8)
      hash.update(numbers.subarray(0, 8)).update(uuidToBytes(messageId)).update(numbers.subarray(8))
    }
    return hash.digest('hex')
  }

  it('equals what a client computes over what it holds, for every range, and changes with every message', async () => {
    const room = await acme.group(ana, bo)
    for (let i = 1; i <= 20; i++) await ana.say(room, `${i}`)
    const { messages } = await bo.call(MessageService.method.listMessages, { conversationId: room, position: { case: 'since', value: 0n } })
    const digest = async (fromSequence: bigint, toSequence: bigint) => {
      const { count, checksum } = await bo.call(getRangeDigest, { conversationId: room, fromSequence, toSequence })
      return [count, Buffer.from(checksum).toString('hex')]
    }
    for (const [from, to] of [
      [1, 20],
      [1, 1],
      [7, 13],
      [20, 20],
    ] as const)
      expect([from, to, ...(await digest(BigInt(from), BigInt(to)))]).toEqual([
        from,
        to,
        BigInt(to - from + 1),
        digestOf(messages.slice(from - 1, to)),
      ])
    expect(await digest(15n, 30n)).toEqual([6n, digestOf(messages.slice(14))])
    expect(await digest(21n, 30n)).toEqual([0n, digestOf([])])
    const before = [await digest(1n, 10n), await digest(11n, 20n)]
    await ana.call(editMessage, { messageId: messages[4]!.messageId, payload: text('changed') })
    const after = [await digest(1n, 10n), await digest(11n, 20n)]
    expect([after[0]![1] === before[0]![1], after[1]![1] === before[1]![1]]).toEqual([false, true])
  })
})

describe('a client that was away longer than changes are kept', () => {
  it('is told to read the conversation afresh, by every way of catching up', async () => {
    const room = await acme.group(ana, bo)
    const old = await bo.call(syncChanges, {})
    const { messageId } = await ana.say(room, 'old')
    await ana.call(editMessage, { messageId, payload: text('old!') })
    expect(await world.server.terminate()).toBe(0)
    await world.server.ageChanges(100)
    await world.server.restart()
    await expect
      .poll(async () => (await ana.call(listChanges, { conversationId: room }).catch(() => undefined))?.snapshot, { timeout: 10_000 })
      .toBeDefined()
    const { events, snapshot, revision } = await ana.call(listChanges, { conversationId: room })
    expect([events, snapshot, revision]).toMatchObject([[], { conversationId: room, revision: 3n }, 3n])

    const synced = await syncAll(bo, old.cursor, 100)
    expect(synced.snapshots).toMatchObject([{ conversationId: room, revision: 3n }])
    expect(durable(synced.events)).toEqual([])
    using live = await Live.open(bo.client, old.cursor)
    expect(live.answers.flatMap(({ snapshots }) => snapshots)).toMatchObject([{ conversationId: room, revision: 3n }])

    // The snapshot is the conversation as it stands now; what comes after it is told again.
    const { messages } = await bo.call(MessageService.method.listMessages, { conversationId: room })
    expect(messages.map(textOf)).toEqual(['old!'])
    await ana.say(room, 'new')
    expect(shapes((await bo.call(listChanges, { conversationId: room, afterRevision: 3n })).events)).toEqual(['4 messageCreated'])
    expect(shapes((await syncAll(bo, synced.cursor, 100)).events)).toEqual(['4 messageCreated'])
    await live.until('messageCreated', ({ kind }) => textOf(kind.value) === 'new')
    await acme.call(addMembers, { conversationId: room, members: ['cleo'] })
    await live.until('membersAdded')
  })
})
