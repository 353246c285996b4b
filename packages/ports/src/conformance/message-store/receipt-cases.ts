import { expect, it } from 'vitest'
import type { ReceiptState } from '../../message-store.ts'
import type { Author } from './author.ts'
import { HUGE, type Suite } from './suite.ts'

export function receiptCases(suite: Suite): void {
  const raise = async (author: Author, userId: string, deliveredThrough: bigint, readThrough: bigint, at: bigint) => {
    const [result] = await suite.store.raiseReceipts([{ ...author.key, userId, deliveredThrough, readThrough, at }])
    return result
  }

  it('raises watermarks and says what they are', async () => {
    const author = await suite.stored(5)
    expect(await raise(author, 'bob', 2n, 0n, 10n)).toEqual({ receipt: receipt('bob', 2n, 10n, 0n, 0n), raised: true })
    expect(await raise(author, 'bob', 4n, 3n, 11n)).toEqual({ receipt: receipt('bob', 4n, 11n, 3n, 11n), raised: true })
    expect(await suite.store.receipts(author.key)).toEqual([receipt('ana', 0n, 0n, 0n, 0n), receipt('bob', 4n, 11n, 3n, 11n)])
  })

  it('changes nothing for a value that is not higher', async () => {
    const author = await suite.stored(5)
    await raise(author, 'bob', 3n, 3n, 10n)
    const unchanged = { receipt: receipt('bob', 3n, 10n, 3n, 10n), raised: false }
    expect(await raise(author, 'bob', 3n, 3n, 11n)).toEqual(unchanged)
    expect(await raise(author, 'bob', 1n, 2n, 12n)).toEqual(unchanged)
    expect(await raise(author, 'bob', 0n, 0n, 13n)).toEqual(unchanged)
    expect(await suite.store.receipts(author.key)).toContainEqual(unchanged.receipt)
  })

  it('takes what is read as delivered', async () => {
    const author = await suite.stored(5)
    expect(await raise(author, 'bob', 0n, 4n, 10n)).toEqual({ receipt: receipt('bob', 4n, 10n, 4n, 10n), raised: true })
    expect(await raise(author, 'bob', 5n, 0n, 11n)).toEqual({ receipt: receipt('bob', 5n, 11n, 4n, 10n), raised: true })
  })

  it('takes a value beyond the last message as the last message', async () => {
    const author = await suite.stored(2)
    expect(await raise(author, 'bob', HUGE, HUGE, 10n)).toEqual({ receipt: receipt('bob', 2n, 10n, 2n, 10n), raised: true })
    author.message('ana')
    await suite.apply(author)
    expect(await raise(author, 'bob', 99n, 0n, 11n)).toEqual({ receipt: receipt('bob', 3n, 11n, 2n, 10n), raised: true })
  })

  it('answers undefined for a user who is not a member, or no longer', async () => {
    const author = await suite.stored(2)
    expect(await raise(author, 'zoe', 1n, 1n, 10n)).toBeUndefined()
    author.leave('bob')
    await suite.apply(author)
    expect(await raise(author, 'bob', 1n, 1n, 10n)).toBeUndefined()
    expect(await suite.store.receipts(author.key)).toEqual([receipt('ana', 0n, 0n, 0n, 0n)])
  })

  it('answers each mark of a call by itself, in order', async () => {
    const [one, two] = [await suite.stored(2), await suite.stored(3)]
    const mark = { userId: 'bob', deliveredThrough: 2n, readThrough: 1n, at: 10n }
    const results = await suite.store.raiseReceipts([
      { ...two.key, ...mark },
      { ...one.key, ...mark, userId: 'zoe' },
      { ...one.key, ...mark },
      { ...one.key, ...mark, readThrough: 2n, at: 11n },
    ])
    expect(results).toEqual([
      { receipt: receipt('bob', 2n, 10n, 1n, 10n), raised: true },
      undefined,
      { receipt: receipt('bob', 2n, 10n, 1n, 10n), raised: true },
      { receipt: receipt('bob', 2n, 10n, 2n, 11n), raised: true },
    ])
    expect(await suite.store.raiseReceipts([])).toEqual([])
  })

  it('keeps the maximum of concurrent calls', async () => {
    const author = await suite.stored(50)
    const values = Array.from({ length: 50 }, (_, i) => BigInt(((i * 37) % 50) + 1))
    await Promise.all(values.map((value, i) => raise(author, 'bob', value, value - 1n, BigInt(i + 1))))
    const [, bob] = await suite.store.receipts(author.key)
    expect(bob).toMatchObject({ deliveredThrough: 50n, readThrough: 49n })
  })

  it('keeps receipts when it is opened again', async () => {
    const author = await suite.stored(3)
    await raise(author, 'bob', 3n, 2n, 10n)
    await suite.reopen()
    expect(await suite.store.receipts(author.key)).toContainEqual(receipt('bob', 3n, 10n, 2n, 10n))
  })

  it('knows when each recipient received and read a message', async () => {
    const author = suite.author(undefined, ['ana', 'bob', 'cleo', 'dora'])
    for (let i = 0; i < 4; i++) author.message('ana')
    await suite.apply(author)
    await raise(author, 'bob', 2n, 0n, 10n)
    await raise(author, 'bob', 4n, 3n, 11n)
    await raise(author, 'cleo', 0n, 1n, 12n)
    await raise(author, 'ana', 4n, 4n, 13n)
    expect(await suite.store.recipientStatuses(author.key, 1n)).toEqual([
      { userId: 'bob', deliveredAt: 10n, readAt: 11n },
      { userId: 'cleo', deliveredAt: 12n, readAt: 12n },
      { userId: 'dora' },
    ])
    expect(await suite.store.recipientStatuses(author.key, 3n)).toEqual([
      { userId: 'bob', deliveredAt: 11n, readAt: 11n },
      { userId: 'cleo' },
      { userId: 'dora' },
    ])
    expect(await suite.store.recipientStatuses(author.key, 4n)).toMatchObject([{ userId: 'bob', deliveredAt: 11n }, {}, {}])
    expect(await suite.store.recipientStatuses(author.key, 5n)).toEqual([])
    expect(await suite.store.recipientStatuses(author.key, HUGE)).toEqual([])
  })

  it('asks only those who were members when the message was sent', async () => {
    const author = await suite.stored(1)
    author.join(['cleo'])
    author.message('ana')
    author.leave('bob')
    author.message('ana')
    await suite.apply(author)
    const recipients = async (sequence: bigint) => (await suite.store.recipientStatuses(author.key, sequence)).map(({ userId }) => userId)
    expect(await recipients(1n)).toEqual(['bob'])
    expect(await recipients(2n)).toEqual(['bob', 'cleo'])
    expect(await recipients(3n)).toEqual(['cleo'])
  })

  it('remembers what a member had read before leaving', async () => {
    const author = await suite.stored(2)
    await raise(author, 'bob', 2n, 1n, 10n)
    author.leave('bob')
    await suite.apply(author)
    expect(await suite.store.recipientStatuses(author.key, 1n)).toEqual([{ userId: 'bob', deliveredAt: 10n, readAt: 10n }])
    expect(await suite.store.recipientStatuses(author.key, 2n)).toEqual([{ userId: 'bob', deliveredAt: 10n }])
  })
}

function receipt(userId: string, deliveredThrough: bigint, deliveredAt: bigint, readThrough: bigint, readAt: bigint): ReceiptState {
  return { userId, deliveredThrough, deliveredAt, readThrough, readAt }
}
