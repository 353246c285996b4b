import { expect, it } from 'vitest'
import type { ReceiptState } from '../../message-store.ts'
import type { Author } from './author.ts'
import { HUGE, newTenant, type Suite } from './suite.ts'

export function memberCases(suite: Suite): void {
  it('lists the present members by user id, as the log has them', async () => {
    const author = suite.author(undefined, ['bob', 'ana'])
    author.message('ana')
    author.join(['cleo'], 2)
    author.setRole('bob', 3)
    author.leave('ana')
    await suite.apply(author)
    expect(await suite.store.members(author.key)).toEqual([
      { userId: 'bob', role: 3, joinedSequence: 0n },
      { userId: 'cleo', role: 2, joinedSequence: 1n },
    ])
    author.message('bob')
    author.join(['ana'])
    await suite.apply(author)
    expect((await suite.store.members(author.key))[0]).toEqual({ userId: 'ana', role: 1, joinedSequence: 2n })
  })

  it('takes a member who joins and leaves in one batch', async () => {
    const author = await suite.stored(1)
    author.join(['cleo'])
    author.leave('cleo')
    await suite.apply(author)
    expect(await suite.store.members(author.key)).toHaveLength(2)
    expect(await suite.store.inboxEntry(author.key, 'cleo')).toBeUndefined()
  })

  it('lists a user’s conversations, the newest activity first', async () => {
    const tenantId = newTenant()
    const [one, two, three] = [suite.author(tenantId), suite.author(tenantId), suite.author(tenantId)]
    await suite.apply(one, two, three)
    one.message('ana')
    await suite.apply(one)
    const inbox = async (userId: string) => (await suite.store.inbox(tenantId, userId, undefined, 10)).map(({ head }) => head)
    expect(await inbox('bob')).toEqual([one.head, three.head, two.head])
    three.change('no new activity')
    two.message('ana')
    await suite.apply(two, three)
    expect(await inbox('bob')).toEqual([two.head, one.head, three.head])
    two.leave('bob')
    await suite.apply(two)
    expect(await inbox('bob')).toEqual([one.head, three.head])
    expect(await inbox('nobody')).toEqual([])
  })

  it('pages an inbox, ties by conversation id descending', async () => {
    const tenantId = newTenant()
    const authors = Array.from({ length: 5 }, () => suite.author(tenantId))
    const writes = authors
      .map((author) => author.take())
      .map((write, i) => ({ ...write, head: { ...write.head, activeAt: i < 3 ? 7n : 8n } }))
    await suite.store.apply(0, suite.log.end, writes)
    const ids = (some: readonly Author[]) =>
      some
        .map(({ key }) => key.conversationId)
        .sort()
        .reverse()
    const order = [...ids(authors.slice(3)), ...ids(authors.slice(0, 3))]
    const walked: string[] = []
    let before: { readonly activeAt: bigint; readonly conversationId: string } | undefined
    for (;;) {
      const page = await suite.store.inbox(tenantId, 'ana', before, 2)
      if (page.length === 0) break
      walked.push(...page.map(({ head }) => head.conversationId))
      before = page[page.length - 1]!.head
    }
    expect(walked).toEqual(order)
    expect(await suite.store.inbox(tenantId, 'ana', undefined, 0)).toEqual([])
    expect(await suite.store.inbox(tenantId, 'ana', { activeAt: HUGE, conversationId: '' }, 10)).toHaveLength(5)
  })

  it('shows a conversation of an inbox with role, place of joining and receipt', async () => {
    const author = await suite.stored(2)
    author.join(['cleo'], 2)
    author.message('ana')
    await suite.apply(author)
    const none: ReceiptState = { userId: 'cleo', deliveredThrough: 0n, deliveredAt: 0n, readThrough: 0n, readAt: 0n }
    const entry = { head: author.head, role: 2, joinedSequence: 2n, receipt: none }
    expect(await suite.store.inboxEntry(author.key, 'cleo')).toEqual(entry)
    const [raised] = await suite.store.raiseReceipts([{ ...author.key, userId: 'cleo', deliveredThrough: 3n, readThrough: 1n, at: 9n }])
    const receipt = { userId: 'cleo', deliveredThrough: 3n, deliveredAt: 9n, readThrough: 1n, readAt: 9n }
    expect(raised).toEqual({ receipt, raised: true })
    expect(await suite.store.inboxEntry(author.key, 'cleo')).toEqual({ ...entry, receipt })
    expect(await suite.store.inbox(author.key.tenantId, 'cleo', undefined, 10)).toEqual([{ ...entry, receipt }])
    expect(await suite.store.inboxEntry(author.key, 'zoe')).toBeUndefined()
  })

  it('counts what others sent after a sequence, up to a limit', async () => {
    const author = suite.author()
    for (const from of ['ana', 'bob', 'ana', 'ana', 'bob', 'ana']) author.message(from)
    author.delete(3n)
    await suite.apply(author)
    const unread = (userId: string, after: bigint, limit: number) => suite.store.unread(author.key, userId, after, limit)
    expect(await unread('bob', 0n, 100)).toEqual({ count: 4, first: 1n })
    expect(await unread('bob', 1n, 100)).toEqual({ count: 3, first: 3n })
    expect(await unread('bob', 4n, 100)).toEqual({ count: 1, first: 6n })
    expect(await unread('bob', 6n, 100)).toEqual({ count: 0, first: 0n })
    expect(await unread('bob', HUGE, 100)).toEqual({ count: 0, first: 0n })
    expect(await unread('bob', 0n, 3)).toEqual({ count: 3, first: 1n })
    expect(await unread('ana', 0n, 1)).toEqual({ count: 1, first: 2n })
  })
}
