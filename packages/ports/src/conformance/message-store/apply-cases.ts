import { newId } from '@chat4all/base'
import { expect, it } from 'vitest'
import { DuplicateMessageId } from '../../errors.ts'
import type { MessageStore } from '../../message-store.ts'
import { Author, applyBatch, Log } from './author.ts'
import { newTenant, type Suite } from './suite.ts'

const placeOf = ({ head: { partition, position } }: Author) => ({ partition, position })

export function applyCases(suite: Suite): void {
  it('knows nothing of a conversation before anything was applied', async () => {
    const key = { tenantId: newTenant(), conversationId: newId() }
    const known = await suite.store.load([key], [{ tenantId: key.tenantId, messageId: newId() }])
    expect(known).toEqual({ states: [undefined], holders: [undefined] })
    expect(await suite.store.heads([key])).toEqual([undefined])
    expect(await suite.store.members(key)).toEqual([])
    expect(await suite.store.messages(key, { before: 0n }, 10)).toEqual([])
    expect(await suite.store.sequenceAt(key, 0n)).toBe(1n)
    expect(await suite.store.edits(key, 1n)).toEqual([])
    expect(await suite.store.changes(key, 0n, 10)).toEqual({ changes: [], revision: 0n, expired: false })
    expect(await suite.store.inboxEntry(key, 'ana')).toBeUndefined()
    expect(await suite.store.unread(key, 'ana', 0n, 10)).toEqual({ count: 0, first: 0n })
    expect(await suite.store.receipts(key)).toEqual([])
    expect(await suite.store.recipientStatuses(key, 1n)).toEqual([])
    expect((await suite.store.digest(key, 1n, 10n)).count).toBe(0n)
  })

  it('loads states and positions in the order of the arguments', async () => {
    const tenantId = newTenant()
    const [one, two] = [await suite.stored(2, tenantId), await suite.stored(1, tenantId)]
    const absent = { tenantId, conversationId: newId() }
    const ids = [two.messages[0]!, { tenantId, messageId: newId() }, one.messages[1]!]
    const known = await suite.store.load([two.key, absent, one.key], ids)
    const members = (author: Author) => [...author.members.values()]
    expect(known.states).toEqual([{ head: two.head, members: members(two) }, undefined, { head: one.head, members: members(one) }])
    expect(known.holders).toEqual([placeOf(two), undefined, placeOf(one)])
    expect(await suite.store.load([], [])).toEqual({ states: [], holders: [] })
  })

  it('refuses a whole batch with an id that another message of the tenant holds, or tells beforehand who holds it', async () => {
    const first = await suite.stored(1)
    if (!suite.store.refusesDuplicateIds) {
      const [{ tenantId }, { messageId }] = [first.key, first.messages[0]!]
      const { holders } = await suite.store.load([], [{ tenantId, messageId }])
      return expect(holders).toEqual([placeOf(first)])
    }
    const [innocent, repeat] = [suite.author(first.key.tenantId), suite.author(first.key.tenantId)]
    innocent.message('ana')
    repeat.message('bob', 'hello', first.messages[0]!.messageId)
    await expect(suite.apply(innocent, repeat)).rejects.toThrow(DuplicateMessageId)
    expect(await suite.store.heads([innocent.key, repeat.key, first.key])).toEqual([undefined, undefined, first.head])
    const elsewhere = suite.author()
    elsewhere.message('bob', 'hello', first.messages[0]!.messageId)
    await suite.apply(elsewhere)
    expect(await suite.store.messages(elsewhere.key, { after: 0n }, 10)).toEqual(elsewhere.messages)
  })

  it('answers heads in the order of the keys', async () => {
    const [one, two] = [await suite.stored(1), await suite.stored(3)]
    expect(await suite.store.heads([two.key, { ...one.key, conversationId: newId() }, one.key])).toEqual([two.head, undefined, one.head])
  })

  it('stores several conversations of several tenants in one batch', async () => {
    const authors = [suite.author(), suite.author(), suite.author()]
    for (const author of [...authors, ...authors]) author.message('ana')
    await suite.apply(...authors)
    for (const author of authors) expect(await suite.store.messages(author.key, { after: 0n }, 10)).toEqual(author.messages)
  })

  it('writes the same when a batch is applied again', async () => {
    const author = await suite.stored(2)
    author.message('bob')
    author.edit(1n, 'edited')
    author.join(['cleo'])
    author.leave('bob')
    const batch = await suite.apply(author)
    await suite.store.apply(0, batch.through, batch.writes)
    await expectStored(suite, author)
  })

  it('is not set back by a batch from before, applied late', async () => {
    const author = suite.author()
    author.message('ana')
    author.edit(1n, 'the first edit')
    const early = await suite.apply(author)
    author.edit(1n, 'the second edit')
    author.message('bob')
    author.delete(1n)
    author.leave('bob')
    await suite.apply(author)
    await suite.store.apply(0, early.through, early.writes)
    await expectStored(suite, author)
    expect((await suite.store.settled()).get(0)).toBe(suite.log.end)
  })

  it('completes what is missing when a batch repeats records and brings new ones', async () => {
    const author = suite.author()
    author.message('ana')
    author.edit(1n, 'edited')
    const first = await suite.apply(author)
    author.message('ana')
    author.edit(2n, 'edited too')
    author.join(['cleo'])
    const more = author.take()
    const [before] = first.writes
    const both = {
      head: more.head,
      messages: [...before!.messages, ...more.messages],
      updates: [...before!.updates, ...more.updates],
      edits: [...before!.edits, ...more.edits],
      changes: [...before!.changes, ...more.changes],
      members: [...before!.members, ...more.members],
    }
    await suite.store.apply(0, suite.log.end, [both])
    await expectStored(suite, author)
  })

  it('keeps the position of a record that changed nothing', async () => {
    const author = await suite.stored(1)
    author.skip()
    await suite.apply(author)
    expect(await suite.store.heads([author.key])).toEqual([author.head])
    await expectStored(suite, author)
  })

  it('takes a batch that brings a message and deletes it', async () => {
    const author = suite.author()
    author.message('ana')
    author.edit(1n, 'edited')
    author.delete(1n)
    await suite.apply(author)
    await expectStored(suite, author)
  })

  it('shows nothing of a tenant to another one, even under the same ids', async () => {
    const one = await suite.stored(2)
    const stranger = { ...one.key, tenantId: newTenant() }
    const messageId = one.messages[0]!.messageId
    const known = await suite.store.load([stranger], [{ tenantId: stranger.tenantId, messageId }])
    expect(known).toEqual({ states: [undefined], holders: [undefined] })
    expect(await suite.store.heads([stranger])).toEqual([undefined])
    expect(await suite.store.members(stranger)).toEqual([])
    expect(await suite.store.message(stranger.tenantId, messageId)).toBeUndefined()
    expect(await suite.store.messages(stranger, { before: 0n }, 10)).toEqual([])
    expect(await suite.store.sequenceAt(stranger, 0n)).toBe(1n)
    expect(await suite.store.changes(stranger, 0n, 10)).toEqual({ changes: [], revision: 0n, expired: false })
    expect(await suite.store.inbox(stranger.tenantId, 'ana', undefined, 10)).toEqual([])
    expect(await suite.store.inboxEntry(stranger, 'ana')).toBeUndefined()
    expect(await suite.store.unread(stranger, 'bob', 0n, 10)).toEqual({ count: 0, first: 0n })
    expect(await suite.store.receipts(stranger)).toEqual([])
    expect(await suite.store.recipientStatuses(stranger, 1n)).toEqual([])
    const mark = { ...stranger, userId: 'bob', deliveredThrough: 1n, readThrough: 1n, at: 1n }
    expect(await suite.store.raiseReceipts([mark])).toEqual([undefined])
    expect((await suite.store.digest(stranger, 1n, 10n)).count).toBe(0n)
    const everything = { after: new Map(), through: new Map([[0, suite.log.end]]), receiptsSince: 0n }
    expect(await suite.store.changedConversations(stranger.tenantId, 'ana', everything, '', 10)).toEqual([])
  })

  it('keeps apart two tenants that use the same conversation and message ids', async () => {
    const one = suite.author()
    const two = suite.author(newTenant(), ['zoe'], one.key.conversationId)
    const { messageId } = one.message('ana', 'of the first tenant')
    two.message('zoe', 'of the second tenant', messageId)
    await suite.apply(one, two)
    await expectStored(suite, one)
    await expectStored(suite, two)
    expect(await suite.store.message(one.key.tenantId, messageId)).toEqual(one.messages[0])
    expect(await suite.store.message(two.key.tenantId, messageId)).toEqual(two.messages[0])
  })

  it('tells how far each partition is settled', async () => {
    const log = new Log(7)
    const author = new Author(log, newTenant())
    expect((await suite.store.settled()).get(7)).toBeUndefined()
    author.message('ana')
    await applyBatch(suite.store, log, [author])
    expect((await suite.store.settled()).get(7)).toBe(1n)
    await suite.store.apply(7, 9n, [])
    expect((await suite.store.settled()).get(7)).toBe(9n)
    await suite.store.apply(7, 4n, [])
    expect((await suite.store.settled()).get(7)).toBe(9n)
  })

  it('moves a checkpoint up only', async () => {
    expect(await suite.store.checkpoint(8)).toBe(0n)
    await suite.store.setCheckpoint(8, 5n)
    await suite.store.setCheckpoint(8, 3n)
    expect(await suite.store.checkpoint(8)).toBe(5n)
    expect(await suite.store.checkpoint(9)).toBe(0n)
    await suite.store.setCheckpoint(8, 2n ** 53n)
    expect(await suite.store.checkpoint(8)).toBe(2n ** 53n)
  })

  it('takes batches of several partitions at once', async () => {
    const logs = [new Log(11), new Log(12), new Log(13)]
    const authors = logs.map((log) => new Author(log, newTenant()))
    for (let round = 0; round < 5; round++) {
      for (const author of authors) author.message('ana')
      await Promise.all(authors.map((author, i) => applyBatch(suite.store, logs[i]!, [author])))
    }
    for (const author of authors) await expectStored(suite, author)
  })

  it('still has everything after it was closed and opened again', async () => {
    const author = await suite.stored(3)
    author.edit(2n, 'edited')
    await suite.apply(author)
    await suite.store.setCheckpoint(0, suite.log.end)
    await suite.reopen()
    await expectStored(suite, author)
    expect(await suite.store.checkpoint(0)).toBe(suite.log.end)
    expect((await suite.store.settled()).get(0)).toBe(suite.log.end)
    author.message('bob')
    await suite.apply(author)
    await expectStored(suite, author)
  })
}

/** Everything that the author wrote is there as the author knows it. */
export async function expectStored({ store }: { readonly store: MessageStore }, author: Author): Promise<void> {
  const { key } = author
  const all = author.changes.length + 1
  expect(await store.heads([key])).toEqual([author.head])
  expect(await store.messages(key, { after: 0n }, all)).toEqual(author.messages)
  expect(await store.changes(key, 0n, all)).toEqual({ changes: author.changes, revision: author.head.revision, expired: false })
  expect(await store.members(key)).toEqual([...author.members.values()].sort((a, b) => (a.userId < b.userId ? -1 : 1)))
  for (const { sequence } of author.messages)
    expect(await store.edits(key, sequence)).toEqual(author.edits.filter((edit) => edit.sequence === sequence))
}
