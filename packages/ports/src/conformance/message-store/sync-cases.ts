import { newId } from '@chat4all/base'
import { expect, it } from 'vitest'
import { expectStored } from './apply-cases.ts'
import { timeOf } from './author.ts'
import { HUGE, newTenant, type Suite } from './suite.ts'

export function syncCases(suite: Suite): void {
  it('merges messages and other changes by revision, messages as they stand now', async () => {
    const author = suite.author()
    author.message('ana')
    author.message('bob')
    author.edit(1n, 'edited')
    author.change('a new title')
    author.message('ana')
    author.delete(2n)
    author.react(1n)
    author.message('bob')
    await suite.apply(author)
    const { changes } = author
    expect(changes.map(({ kind }) => kind)).toEqual([
      'conversation',
      'message_created',
      'message_created',
      'message_updated',
      'conversation',
      'message_created',
      'message_updated',
      'message_updated',
      'message_created',
    ])
    for (let after = 0; after <= changes.length; after++)
      for (const limit of [1, 2, 5, 100]) {
        const page = await suite.store.changes(author.key, BigInt(after), limit)
        expect(page).toEqual({ changes: changes.slice(after, after + limit), revision: author.head.revision, expired: false })
      }
  })

  it('answers an empty page at and beyond the end, and for no limit', async () => {
    const author = await suite.stored(2)
    const empty = { changes: [], revision: author.head.revision, expired: false }
    expect(await suite.store.changes(author.key, author.head.revision, 10)).toEqual(empty)
    expect(await suite.store.changes(author.key, HUGE, 10)).toEqual(empty)
    expect(await suite.store.changes(author.key, 0n, 0)).toEqual(empty)
  })

  it('drops changes older than a time, and sends those who need them to a snapshot', async () => {
    const author = await suite.stored(3)
    author.edit(1n, 'edited')
    author.message('bob')
    author.react(2n)
    author.message('bob')
    author.change('kept')
    author.message('ana')
    await suite.apply(author)
    const { changes, head } = author
    const kept = changes.find((change) => change.kind === 'conversation' && change.revision > 1n)!
    const floor = kept.revision - 2n

    expect(await suite.store.expireChanges(kept.at)).toBeGreaterThanOrEqual(3)
    for (let after = 0n; after < floor; after++)
      expect(await suite.store.changes(author.key, after, 10)).toEqual({ changes: [], revision: head.revision, expired: true })
    for (let after = floor; after <= head.revision; after++)
      expect(await suite.store.changes(author.key, after, 10)).toEqual({
        changes: changes.slice(Number(after)),
        revision: head.revision,
        expired: false,
      })
    expect(await suite.store.messages(author.key, { after: 0n }, 10)).toEqual(author.messages)
    expect(await suite.store.expireChanges(kept.at)).toBe(0)
  })

  it('goes on after changes were dropped, and drops more of them later', async () => {
    const author = await suite.stored(2)
    await suite.store.expireChanges(timeOf(suite.log.end + 1n))
    author.message('bob')
    author.react(3n)
    author.message('ana')
    const batch = await suite.apply(author)
    await suite.store.apply(0, batch.through, batch.writes)
    const tail = { changes: author.changes.slice(3), revision: author.head.revision, expired: false }
    expect(await suite.store.changes(author.key, 3n, 10)).toEqual(tail)
    expect(await suite.store.expireChanges(timeOf(suite.log.end + 1n))).toBe(1)
    expect((await suite.store.changes(author.key, 3n, 10)).expired).toBe(true)
    expect((await suite.store.changes(author.key, 5n, 10)).changes).toEqual(author.changes.slice(5))
  })

  it('drops nothing of a conversation that has only newer changes', async () => {
    const author = await suite.stored(2)
    await suite.store.expireChanges(timeOf(author.events[0]!.position))
    await expectStored(suite, author)
  })

  it('finds the conversations of a user with changes in a range of positions', async () => {
    const tenantId = newTenant()
    const [quiet, busy, foreign] = [suite.author(tenantId), suite.author(tenantId), suite.author(tenantId, ['zoe'])]
    busy.message('ana')
    await suite.apply(quiet, busy, foreign)
    const start = suite.log.end
    busy.message('bob')
    foreign.message('zoe')
    busy.edit(1n, 'edited')
    await suite.apply(busy, foreign)
    const middle = suite.log.end
    busy.message('ana')
    await suite.apply(busy)

    const changed = (after: bigint, through: bigint) =>
      suite.store.changedConversations(tenantId, 'ana', { after: at(after), through: at(through), receiptsSince: HUGE }, '', 10)
    const { conversationId } = busy.key
    const entry = (afterRevision: bigint, throughRevision: bigint) => ({
      conversationId,
      afterRevision,
      throughRevision,
      receiptsChanged: false,
    })
    expect(await changed(start, middle)).toEqual([entry(2n, 4n)])
    expect(await changed(start, suite.log.end)).toEqual([entry(2n, 5n)])
    expect(await changed(middle, suite.log.end)).toEqual([entry(4n, 5n)])
    expect(await changed(middle, HUGE)).toEqual([entry(4n, 5n)])
    expect(await changed(suite.log.end, suite.log.end)).toEqual([])
    expect(await changed(start, start)).toEqual([])
    expect(await changed(HUGE, HUGE)).toEqual([])
    const all = await suite.store.changedConversations(
      tenantId,
      'ana',
      { after: new Map(), through: at(start), receiptsSince: HUGE },
      '',
      10,
    )
    expect(all).toHaveLength(2)
    const none = { after: new Map(), through: new Map(), receiptsSince: HUGE }
    expect(await suite.store.changedConversations(tenantId, 'ana', none, '', 10)).toEqual([])
  })

  it('finds every revision of a conversation by its position', async () => {
    const author = suite.author()
    for (let i = 1; i <= 40; i++) {
      if (i % 3 === 0) author.change()
      else author.message('ana')
      if (i % 7 === 0) author.react(BigInt(author.messages.length))
      if (i % 5 === 0) author.skip()
    }
    await suite.apply(author)
    const { tenantId, conversationId } = author.key
    for (const [i, { position }] of author.events.entries()) {
      const range = { after: at(position - 1n), through: at(position), receiptsSince: HUGE }
      const [changed] = await suite.store.changedConversations(tenantId, 'ana', range, '', 1)
      expect(changed).toEqual({ conversationId, afterRevision: BigInt(i), throughRevision: BigInt(i + 1), receiptsChanged: false })
    }
  })

  it('pages changed conversations in the order of their ids', async () => {
    const tenantId = newTenant()
    const authors = [suite.author(tenantId), suite.author(tenantId), suite.author(tenantId)]
    await suite.apply(...authors)
    const ids = authors.map(({ key }) => key.conversationId).sort()
    const range = { after: new Map(), through: at(suite.log.end), receiptsSince: HUGE }
    const page = async (after: string, limit: number) =>
      (await suite.store.changedConversations(tenantId, 'bob', range, after, limit)).map(({ conversationId }) => conversationId)
    expect(await page('', 2)).toEqual(ids.slice(0, 2))
    expect(await page(ids[1]!, 2)).toEqual(ids.slice(2))
    expect(await page(ids[2]!, 2)).toEqual([])
    expect(await page('', 0)).toEqual([])
  })

  it('tells a user who left the one change that says so, and nothing later', async () => {
    const author = await suite.stored(1)
    const { tenantId, conversationId } = author.key
    const start = suite.log.end
    author.message('ana')
    await suite.apply(author)
    const before = suite.log.end
    const leftRevision = author.leave('bob')
    author.message('ana')
    await suite.apply(author)
    const changed = (after: bigint, through: bigint) =>
      suite.store.changedConversations(tenantId, 'bob', { after: at(after), through: at(through), receiptsSince: 0n }, '', 10)
    expect(await changed(start, suite.log.end)).toEqual([
      { conversationId, afterRevision: 2n, throughRevision: 5n, leftRevision, receiptsChanged: false },
    ])
    expect(await changed(before, before + 1n)).toMatchObject([{ leftRevision }])
    expect(await changed(before + 1n, suite.log.end)).toEqual([])
    expect(await changed(start, before)).toEqual([])

    author.join(['bob'])
    await suite.apply(author)
    expect(await changed(start, suite.log.end)).toEqual([
      { conversationId, afterRevision: 2n, throughRevision: 6n, receiptsChanged: false },
    ])
  })

  it('finds conversations whose receipts rose since a time', async () => {
    const author = await suite.stored(2)
    const { tenantId, conversationId } = author.key
    const time = timeOf(suite.log.end)
    await suite.store.raiseReceipts([{ ...author.key, userId: 'bob', deliveredThrough: 1n, readThrough: 0n, at: time }])
    const here = at(suite.log.end)
    const changed = (receiptsSince: bigint) =>
      suite.store.changedConversations(tenantId, 'ana', { after: here, through: here, receiptsSince }, '', 10)
    const revision = author.head.revision
    const entry = { conversationId, afterRevision: revision, throughRevision: revision, receiptsChanged: true }
    expect(await changed(0n)).toEqual([entry])
    expect(await changed(time)).toEqual([entry])
    expect(await changed(time + 1n)).toEqual([])
  })

  it('sends a user whose cursor is older than the change log to a snapshot', async () => {
    const author = await suite.stored(1)
    const cursor = suite.log.end
    author.change()
    author.change()
    author.message('ana')
    await suite.apply(author)
    await suite.store.expireChanges(timeOf(suite.log.end + 1n))
    author.message('ana')
    await suite.apply(author)
    const range = { after: at(cursor), through: at(suite.log.end), receiptsSince: HUGE }
    const [changed] = await suite.store.changedConversations(author.key.tenantId, 'bob', range, '', 10)
    expect(changed!.throughRevision).toBe(author.head.revision)
    expect((await suite.store.changes(author.key, changed!.afterRevision, 10)).expired).toBe(true)
  })

  it('finds nothing changed for a user without conversations', async () => {
    const range = { after: new Map(), through: at(HUGE), receiptsSince: 0n }
    expect(await suite.store.changedConversations(newTenant(), newId(), range, '', 10)).toEqual([])
  })
}

/** A position in partition 0. */
const at = (position: bigint) => new Map([[0, position]])
