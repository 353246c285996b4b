import { newId } from '@chat4all/base'
import type { IntegrityFinding, MessageStore } from '@chat4all/ports'
import { Author, Log } from '@chat4all/ports/conformance'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openScyllaMessageStore } from '../message-store.ts'
import type { Cassandra } from './cassandra.ts'

const MESSAGES = 4_200

export function longConversationCases(cassandra: Cassandra): void {
  const log = new Log(0)
  const author = new Author(log, `tenant-${newId()}`)
  let store: MessageStore
  beforeAll(async () => {
    store = await openScyllaMessageStore(cassandra.keyspace('long'))
    author.join(['ana', 'bob'])
    for (let n = 1; n <= MESSAGES; n++) {
      author.message('ana', `message ${n}`)
      if (n % 600 === 0) await store.apply(0, log.end, [author.take()])
    }
    author.edit(1_023n, 'edited')
    author.react(1_024n)
    await store.apply(0, log.end, [author.take()])
  }, 120_000)
  afterAll(() => store[Symbol.asyncDispose]())

  it('is paged in both directions', async () => {
    for (const after of [0, 1_000, 1_022, 1_023, 1_024, 2_040, 4_090, 4_199]) {
      const range = author.messages.slice(after, after + 60)
      expect(await store.messages(author.key, { after: BigInt(after) }, 60)).toEqual(range)
      const before = author.messages.slice(Math.max(after - 60, 0), after).reverse()
      if (after > 0) expect(await store.messages(author.key, { before: BigInt(after + 1) }, 60)).toEqual(before)
    }
    expect(await store.messages(author.key, { after: 0n }, 5_000)).toEqual(author.messages)
  })

  it('has its changes, messages among them, across the buckets of revisions', async () => {
    for (const after of [0, 1_020, 4_080, 4_090, 4_095, 4_190])
      expect((await store.changes(author.key, BigInt(after), 30)).changes).toEqual(author.changes.slice(after, after + 30))
    expect((await store.changes(author.key, 0n, 5_000)).changes).toEqual(author.changes)
  })

  it('says which revision belonged to a position, however long ago', async () => {
    for (const after of [1, 2, 700, 4_095, 4_096, 4_137, 4_138, 4_200]) {
      const { position } = author.events[after - 1]!
      const range = { after: new Map([[0, position]]), through: new Map([[0, log.end]]), receiptsSince: log.end }
      const [changed] = await store.changedConversations(author.key.tenantId, 'bob', range, '', 1)
      expect(changed).toMatchObject({ afterRevision: BigInt(after), throughRevision: author.head.revision })
    }
  })

  it('counts, finds by time and digests across the buckets', async () => {
    expect(await store.unread(author.key, 'bob', 900n, 3_000)).toEqual({ count: 3_000, first: 901n })
    expect(await store.unread(author.key, 'ana', 0n, 10)).toEqual({ count: 0, first: 0n })
    expect(await store.sequenceAt(author.key, author.messages[2_500]!.acceptedAt)).toBe(2_501n)
    expect((await store.digest(author.key, 1_000n, 4_150n)).count).toBe(3_151n)
  })

  it('is checked in pages', async () => {
    const findings: IntegrityFinding[] = []
    let [pages, messages] = [0, 0]
    for (let cursor: string | undefined = ''; cursor !== undefined; pages++) {
      const page = await store.verify(author.key.tenantId, cursor)
      findings.push(...page.findings)
      messages += page.messages
      cursor = page.next
    }
    expect({ findings, messages }).toEqual({ findings: [], messages: MESSAGES })
    expect(pages).toBeGreaterThan(2)
  })

  it('loses its old changes in one go', async () => {
    const floor = author.events.findLast(({ event, revision }) => event === undefined && revision > BigInt(MESSAGES + 1))!
    expect(await store.expireChanges(floor.at + 1n)).toBe(3)
    expect((await store.changes(author.key, floor.revision - 1n, 10)).expired).toBe(true)
    expect(await store.changes(author.key, floor.revision, 10)).toMatchObject({ changes: [], expired: false })
    expect(await store.expireChanges(floor.at + 1n)).toBe(0)
  })
}
