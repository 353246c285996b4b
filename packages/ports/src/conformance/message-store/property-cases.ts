import { array, assert, asyncProperty, bigInt, constantFrom, integer, nat, oneof, record } from 'fast-check'
import { expect, it } from 'vitest'
import type { ReceiptState, RecipientStatus } from '../../message-store.ts'
import { expectStored } from './apply-cases.ts'
import type { Author } from './author.ts'
import { digest } from './history-cases.ts'
import type { Suite } from './suite.ts'

/** One step of a random history. `pick` chooses among what there is. */
interface Step {
  readonly kind: 'message' | 'edit' | 'react' | 'delete' | 'change' | 'join' | 'leave' | 'skip' | 'apply' | 'repeat'
  readonly userId: string
  readonly pick: number
}

const users = ['ana', 'bob', 'cleo']
const step = record<Step>({
  kind: oneof(
    { weight: 5, arbitrary: constantFrom<Step['kind']>('message') },
    { weight: 6, arbitrary: constantFrom<Step['kind']>('edit', 'react', 'delete', 'change', 'join', 'leave', 'skip') },
    { weight: 4, arbitrary: constantFrom<Step['kind']>('apply', 'repeat') },
  ),
  userId: constantFrom(...users),
  pick: nat(1_000),
})

export function propertyCases(suite: Suite): void {
  it('answers like a model after any history of batches, repeated ones included', async () => {
    await assert(
      asyncProperty(array(step, { maxLength: 40 }), async (steps) => {
        const author = suite.author()
        await play(suite, author, steps)
        await suite.apply(author)
        await expectStored(suite, author)
        expect((await suite.store.verify(author.key.tenantId, '')).findings).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  it('answers any page like a model', async () => {
    const page = record({ after: integer({ min: 0, max: 30 }), limit: integer({ min: 0, max: 30 }) })
    await assert(
      asyncProperty(array(step, { minLength: 10, maxLength: 30 }), array(page, { minLength: 3, maxLength: 6 }), async (steps, pages) => {
        const author = suite.author()
        await play(suite, author, steps)
        await suite.apply(author)
        const { key, messages, changes } = author
        for (const { after, limit } of pages) {
          expect(await suite.store.messages(key, { after: BigInt(after) }, limit)).toEqual(messages.slice(after, after + limit))
          const before = messages.slice(0, Math.max(after - 1, 0)).reverse()
          if (after > 0) expect(await suite.store.messages(key, { before: BigInt(after) }, limit)).toEqual(before.slice(0, limit))
          expect((await suite.store.changes(key, BigInt(after), limit)).changes).toEqual(changes.slice(after, after + limit))
          const range = messages.slice(Math.max(after - 1, 0), limit)
          const expected = { count: BigInt(range.length), checksum: digest(range) }
          expect(await suite.store.digest(key, BigInt(after), BigInt(limit))).toEqual(expected)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('keeps watermarks and their history like a model', async () => {
    const through = bigInt({ min: 0n, max: 8n })
    const mark = record({ userId: constantFrom('ana', 'bob'), deliveredThrough: through, readThrough: through })
    await assert(
      asyncProperty(array(array(mark, { minLength: 1, maxLength: 3 }), { maxLength: 8 }), async (calls) => {
        const author = await suite.stored(6)
        const model = new Map(['ana', 'bob'].map((userId) => [userId, new Watermarks(userId)]))
        let at = 0n
        for (const marks of calls) {
          at += 1n
          const results = await suite.store.raiseReceipts(marks.map((one) => ({ ...author.key, ...one, at })))
          const expected = marks.map(({ userId, deliveredThrough, readThrough }) =>
            model.get(userId)!.raise(deliveredThrough, readThrough, 6n, at),
          )
          expect(results).toEqual(expected)
        }
        expect(await suite.store.receipts(author.key)).toEqual([...model.values()].map(({ state }) => state))
        for (const { sequence } of author.messages)
          expect(await suite.store.recipientStatuses(author.key, sequence)).toEqual([model.get('bob')!.status(sequence)])
      }),
      { numRuns: 60 },
    )
  })
}

async function play(suite: Suite, author: Author, steps: readonly Step[]): Promise<void> {
  const batches: Awaited<ReturnType<Suite['apply']>>[] = []
  for (const { kind, userId, pick } of steps) {
    const sequence = author.messages.length === 0 ? 0n : BigInt(1 + (pick % author.messages.length))
    if (kind === 'message') author.message(userId, `text ${pick}`)
    else if (kind === 'change') author.change()
    else if (kind === 'skip') author.skip()
    else if (kind === 'join' && !author.members.has(userId)) author.join([userId], 1 + (pick % 3))
    else if (kind === 'leave' && author.members.has(userId)) author.leave(userId)
    else if (kind === 'apply') batches.push(await suite.apply(author))
    else if (kind === 'repeat' && batches.length > 0) await repeat(suite, batches[pick % batches.length]!)
    else if (kind === 'edit' && sequence > 0n) author.edit(sequence, `edited ${pick}`)
    else if (kind === 'react' && sequence > 0n) author.react(sequence)
    else if (kind === 'delete' && sequence > 0n) author.delete(sequence)
  }
}

async function repeat({ store, log }: Suite, { through, writes }: Awaited<ReturnType<Suite['apply']>>): Promise<void> {
  await store.apply(log.partition, through, writes)
}

/** What the store must know of one member's receipts. */
class Watermarks {
  state: ReceiptState
  readonly #delivered: { readonly through: bigint; readonly at: bigint }[] = []
  readonly #read: { readonly through: bigint; readonly at: bigint }[] = []

  constructor(userId: string) {
    this.state = { userId, deliveredThrough: 0n, deliveredAt: 0n, readThrough: 0n, readAt: 0n }
  }

  raise(delivered: bigint, read: bigint, last: bigint, at: bigint): { readonly receipt: ReceiptState; readonly raised: boolean } {
    const clamped = { delivered: delivered > last ? last : delivered, read: read > last ? last : read }
    const before = this.state
    if (clamped.read > before.readThrough) {
      this.state = { ...this.state, readThrough: clamped.read, readAt: at }
      this.#read.push({ through: clamped.read, at })
    }
    const arrived = clamped.delivered > clamped.read ? clamped.delivered : clamped.read
    if (arrived > before.deliveredThrough) {
      this.state = { ...this.state, deliveredThrough: arrived, deliveredAt: at }
      this.#delivered.push({ through: arrived, at })
    }
    return { receipt: this.state, raised: this.state !== before }
  }

  status(sequence: bigint): RecipientStatus {
    const reached = (events: readonly { readonly through: bigint; readonly at: bigint }[]) =>
      events.find(({ through }) => through >= sequence)?.at
    const [deliveredAt, readAt] = [reached(this.#delivered), reached(this.#read)]
    return {
      userId: this.state.userId,
      ...(deliveredAt === undefined ? {} : { deliveredAt }),
      ...(readAt === undefined ? {} : { readAt }),
    }
  }
}
