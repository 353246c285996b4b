import { createHash } from 'node:crypto'
import { newId, uuidToBytes } from '@chat4all/base'
import { expect, it } from 'vitest'
import type { StoredMessage } from '../../message-store.ts'
import { HUGE, type Suite } from './suite.ts'

export function historyCases(suite: Suite): void {
  it('reads messages upwards from after a sequence', async () => {
    const author = await suite.stored(5)
    const read = async (after: bigint, limit: number) => sequences(await suite.store.messages(author.key, { after }, limit))
    expect(await read(0n, 3)).toEqual([1n, 2n, 3n])
    expect(await read(1n, 2)).toEqual([2n, 3n])
    expect(await read(3n, 10)).toEqual([4n, 5n])
    expect(await read(5n, 10)).toEqual([])
    expect(await read(HUGE, 10)).toEqual([])
    expect(await read(0n, 0)).toEqual([])
  })

  it('reads messages downwards from before a sequence, and from the newest for 0 or beyond the end', async () => {
    const author = await suite.stored(5)
    const read = async (before: bigint, limit: number) => sequences(await suite.store.messages(author.key, { before }, limit))
    expect(await read(0n, 2)).toEqual([5n, 4n])
    expect(await read(6n, 2)).toEqual([5n, 4n])
    expect(await read(HUGE, 2)).toEqual([5n, 4n])
    expect(await read(5n, 2)).toEqual([4n, 3n])
    expect(await read(2n, 10)).toEqual([1n])
    expect(await read(1n, 10)).toEqual([])
    expect(await read(0n, 0)).toEqual([])
  })

  it('finds a message by its id, as it stands now', async () => {
    const author = await suite.stored(3)
    author.edit(2n, 'edited')
    await suite.apply(author)
    const { tenantId } = author.key
    for (const message of author.messages) expect(await suite.store.message(tenantId, message.messageId)).toEqual(message)
    expect(await suite.store.message(tenantId, newId())).toBeUndefined()
  })

  it('keeps the row of a deleted message, and none of its earlier contents', async () => {
    const author = await suite.stored(2)
    author.edit(1n, 'edited')
    author.edit(2n, 'edited too')
    await suite.apply(author)
    author.delete(1n)
    await suite.apply(author)
    expect(await suite.store.messages(author.key, { after: 0n }, 10)).toEqual(author.messages)
    expect(await suite.store.edits(author.key, 1n)).toEqual([])
    expect(await suite.store.edits(author.key, 2n)).toHaveLength(1)
  })

  it('keeps earlier contents, oldest first', async () => {
    const author = await suite.stored(2)
    author.edit(1n, 'second')
    author.edit(2n, 'of another message')
    author.edit(1n, 'third')
    await suite.apply(author)
    author.react(1n)
    author.edit(1n, 'fourth')
    await suite.apply(author)
    expect(await suite.store.edits(author.key, 1n)).toEqual(author.edits.filter(({ sequence }) => sequence === 1n))
    expect(await suite.store.edits(author.key, 1n)).toHaveLength(3)
    expect(await suite.store.edits(author.key, HUGE)).toEqual([])
  })

  it('keeps bytes as they are, with none and with 64 KiB', async () => {
    const author = suite.author()
    author.message('ana', '')
    author.message('ana', 'é'.repeat(32_768))
    await suite.apply(author)
    expect(await suite.store.messages(author.key, { after: 0n }, 2)).toEqual(author.messages)
  })

  it('finds the first message accepted at or after a time', async () => {
    const author = await suite.stored(5)
    const times = author.messages.map(({ acceptedAt }) => acceptedAt)
    for (const [i, time] of times.entries()) {
      expect(await suite.store.sequenceAt(author.key, time)).toBe(BigInt(i + 1))
      expect(await suite.store.sequenceAt(author.key, time + 1n)).toBe(BigInt(i + 2))
    }
    expect(await suite.store.sequenceAt(author.key, 0n)).toBe(1n)
    expect(await suite.store.sequenceAt(author.key, HUGE)).toBe(6n)
  })

  it('computes the digest of a range as SyncService.GetRangeDigest defines it', async () => {
    const author = await suite.stored(6)
    author.edit(3n, 'edited')
    await suite.apply(author)
    const expected = (from: number, to: number) => {
      const range = author.messages.slice(from - 1, to)
      return { count: BigInt(range.length), checksum: digest(range) }
    }
    expect(await suite.store.digest(author.key, 1n, 6n)).toEqual(expected(1, 6))
    expect(await suite.store.digest(author.key, 2n, 4n)).toEqual(expected(2, 4))
    expect(await suite.store.digest(author.key, 5n, 5n)).toEqual(expected(5, 5))
    expect(await suite.store.digest(author.key, 4n, HUGE)).toEqual(expected(4, 6))
    expect(await suite.store.digest(author.key, 7n, HUGE)).toEqual({ count: 0n, checksum: digest([]) })
    expect(await suite.store.digest(author.key, 4n, 3n)).toEqual({ count: 0n, checksum: digest([]) })
  })
}

const sequences = (messages: readonly StoredMessage[]) => messages.map(({ sequence }) => sequence)

/** SHA-256 over, for each message, the sequence (8 bytes), the id (16 bytes) and the revision (8 bytes), big-endian. */
export function digest(messages: readonly StoredMessage[]): Uint8Array {
  const hash = createHash('sha256')
  for (const { sequence, messageId, revision } of messages) {
    const numbers = new DataView(new ArrayBuffer(16))
    numbers.setBigUint64(0, sequence)
    numbers.setBigUint64(8, revision)
    hash
      .update(new Uint8Array(numbers.buffer, 0, 8))
      .update(uuidToBytes(messageId))
      .update(new Uint8Array(numbers.buffer, 8, 8))
  }
  return new Uint8Array(hash.digest())
}
