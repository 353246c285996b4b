import { newId } from '@chat4all/base'
import { type ConversationWrites, EngineUnavailable, type MessageStore } from '@chat4all/ports'
import { Author, Log } from '@chat4all/ports/conformance'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CqlClient } from '../cql/client.ts'
import { connectToKeyspace } from '../cql/keyspace.ts'
import { createApply } from '../message-store/apply.ts'
import { Progress } from '../message-store/progress.ts'
import { openScyllaMessageStore } from '../message-store.ts'
import type { Cassandra } from './cassandra.ts'
import { expectSound } from './expect-sound.ts'

export function interruptedCases(cassandra: Cassandra): void {
  let store: MessageStore
  let cql: CqlClient
  beforeAll(async () => {
    store = await openScyllaMessageStore(cassandra.keyspace('interrupted'))
    cql = await connectToKeyspace(cassandra.keyspace('interrupted'))
  })
  afterAll(async () => {
    await store[Symbol.asyncDispose]()
    await cql[Symbol.asyncDispose]()
  })

  it('shows all of a batch or nothing of it, wherever it stops, and is completed by repeating it', async () => {
    let completed = false
    for (let writes = 0; !completed; writes++) {
      const log = new Log(1)
      const author = twoMessages(log)
      await apply(store, log, author)
      const before = await everything(store, author)
      const first = author.messages[0]!.messageId

      author.message('bob', 'three')
      author.edit(1n, 'edited')
      author.react(1n)
      author.edit(2n, 'edited too')
      author.delete(2n)
      author.edit(3n, 'edited at once')
      author.join(['cleo'])
      author.leave('bob')
      const batch = author.take()
      completed = await applyUntil(cql, writes, log, batch)

      const [head] = await store.heads([author.key])
      if (head!.position === author.head.position) await expectSound(store, author)
      else {
        expect(await everything(store, author)).toEqual(before)
        expect(await store.message(author.key.tenantId, first)).toEqual(before.messages[0])
        expect(await store.inbox(author.key.tenantId, 'cleo', undefined, 10)).toEqual([])
      }
      await store.apply(1, log.end, [batch])
      await expectSound(store, author)
    }
    expect(completed).toBe(true)
  })

  it('goes on behind a batch whose updates were shown but had not moved', async () => {
    for (let writes = 0, completed = false; !completed; writes++) {
      const log = new Log(2)
      const author = twoMessages(log)
      author.edit(1n, 'edited')
      author.edit(2n, 'edited')
      completed = await applyUntil(cql, writes, log, author.take())
      const [head] = await store.heads([author.key])
      if (head === undefined) continue
      author.edit(2n, 'edited again')
      author.delete(1n)
      await apply(store, log, author)
      author.message('ana', 'three')
      await apply(store, log, author)
      await expectSound(store, author)
    }
  })

  it('is not set back by a process that repeats old batches, in any order', async () => {
    const log = new Log(3)
    const author = twoMessages(log)
    const batches: { readonly through: bigint; readonly writes: ConversationWrites }[] = []
    for (let round = 0; round < 12; round++) {
      author.message('ana', `message of round ${round}`)
      author.edit(1n, `edit of round ${round}`)
      author.react(BigInt(1 + (round % author.messages.length)))
      if (round % 4 === 1) author.delete(BigInt(author.messages.length))
      if (round % 3 === 0) author.join([`guest-${round}`])
      if (round % 3 === 2) author.leave(`guest-${round - 2}`)
      const batch = { through: log.end, writes: author.take() }
      batches.push(batch)
      await store.apply(3, batch.through, [batch.writes])
    }
    await using zombie = await openScyllaMessageStore(cassandra.keyspace('interrupted'))
    for (const { through, writes } of batches.toReversed()) await zombie.apply(3, through, [writes])
    await Promise.all(batches.map(({ through, writes }) => zombie.apply(3, through, [writes])))
    await expectSound(store, author)
    expect((await store.settled()).get(3)).toBe(log.end)
  })
}

function twoMessages(log: Log): Author {
  const author = new Author(log, `tenant-${newId()}`)
  author.join(['ana', 'bob'])
  author.message('ana', 'one')
  author.message('bob', 'two')
  return author
}

function apply(store: MessageStore, log: Log, author: Author): Promise<void> {
  return store.apply(log.partition, log.end, [author.take()])
}

/** What readers see of a conversation. */
async function everything(store: MessageStore, { key }: Author) {
  const { revision, changes } = await store.changes(key, 0n, 100)
  const messages = await store.messages(key, { after: 0n }, 100)
  const edits = await Promise.all([1n, 2n, 3n].map((sequence) => store.edits(key, sequence)))
  return { revision, changes, messages, edits, state: (await store.load([key], [])).states[0], digest: await store.digest(key, 1n, 100n) }
}

const WRITES: ReadonlySet<string | symbol> = new Set(['run', 'runTogether', 'runAll', 'runGroups'])

/** Applies a batch, but fails after so many writes, as if the process had ended there. Returns whether it came to the end. */
async function applyUntil(cql: CqlClient, writes: number, log: Log, batch: ConversationWrites): Promise<boolean> {
  let left = writes
  const failing = new Proxy(cql, {
    get(target, name: keyof CqlClient) {
      const method = target[name] as (...args: unknown[]) => Promise<unknown>
      return async (...args: unknown[]) => {
        if (WRITES.has(name) && left-- <= 0) throw new EngineUnavailable('cut off')
        return method.apply(target, args)
      }
    },
  })
  try {
    await createApply(failing, new Progress(failing))(log.partition, log.end, [batch])
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(EngineUnavailable)
    return false
  }
}
