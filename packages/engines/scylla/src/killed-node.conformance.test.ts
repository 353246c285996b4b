import { newId } from '@chat4all/base'
import { EngineUnavailable, type MessageStore } from '@chat4all/ports'
import { Author, Log } from '@chat4all/ports/conformance'
import { engineMissing, waitUntil } from '@chat4all/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CqlClient } from './cql/client.ts'
import { openScyllaMessageStore } from './message-store.ts'
import { useCassandra } from './testing/cassandra.ts'
import { expectSound } from './testing/expect-sound.ts'

const missing = engineMissing('cassandra')

describe('a node that is killed', () => {
  if (missing) return void it('loses nothing', ({ skip }) => skip(missing))
  const cassandra = useCassandra()
  let store: MessageStore
  beforeAll(async () => {
    store = await openScyllaMessageStore(cassandra.keyspace('killed'))
  })
  afterAll(() => store[Symbol.asyncDispose]())

  it('has everything after the batches it was killed in are repeated', async () => {
    const log = new Log(0)
    const tenantId = `tenant-${newId()}`
    const authors = Array.from({ length: 8 }, () => new Author(log, tenantId))
    for (const author of authors) author.join(['ana', 'bob'])
    let [batches, failures, stop] = [0, 0, false]
    const applyAll = async () => {
      while (!stop) {
        for (const author of authors) writeSome(author, batches)
        const writes = authors.map((author) => author.take())
        const attempt = () =>
          store.apply(0, log.end, writes).then(
            () => true,
            (error) => {
              expect(error).toBeInstanceOf(EngineUnavailable)
              failures++
              return false
            },
          )
        await waitUntil('the batch is applied', attempt, 60_000)
        batches++
      }
    }
    const applying = applyAll()
    for (let kill = 1; kill <= 2; kill++) {
      const before = batches
      await waitUntil('some batches are applied', () => batches >= before + 5, 30_000)
      await cassandra.server.node.kill()
      await waitUntil('a batch has failed', () => failures >= kill, 30_000)
      await cassandra.server.node.restart()
    }
    const restarted = batches
    await waitUntil('it goes on', () => batches >= restarted + 5, 30_000)
    stop = true
    await applying
    for (const author of authors) await expectSound(store, author)
    expect((await store.settled()).get(0)).toBe(log.end)
  }, 240_000)

  it('makes calls fail as unavailable, and work again afterwards', async () => {
    const log = new Log(1)
    const author = new Author(log, `tenant-${newId()}`)
    author.join(['ana'])
    author.message('ana')
    await store.apply(1, log.end, [author.take()])
    await cassandra.server.node.kill()
    await expect(store.heads([author.key])).rejects.toThrow(EngineUnavailable)
    await expect(store.setCheckpoint(1, 1n)).rejects.toThrow(EngineUnavailable)
    const receipt = { ...author.key, userId: 'ana', deliveredThrough: 1n, readThrough: 1n, at: 1n }
    await expect(store.raiseReceipts([receipt])).rejects.toThrow(EngineUnavailable)
    await cassandra.server.node.restart()
    const answers = () =>
      store.heads([author.key]).then(
        () => true,
        () => false,
      )
    await waitUntil('it answers', answers, 30_000)
    await expectSound(store, author)
  }, 240_000)

  it('fails as unavailable with statements that were never sent before, and they work again afterwards', async () => {
    await using client = await CqlClient.connect(cassandra.keyspace('killed'))
    let statements = 0
    const succeeds = () =>
      client.rows(`SELECT release_version AS v${statements++} FROM system.local`).then(
        () => true,
        (error) => {
          expect(error).toBeInstanceOf(EngineUnavailable)
          return false
        },
      )
    for (let kill = 0; kill < 3; kill++) {
      await waitUntil('statements are answered', succeeds, 30_000)
      await cassandra.server.node.kill()
      await waitUntil('statements fail', async () => !(await succeeds()), 30_000)
      const restarted = cassandra.server.node.restart()
      await waitUntil('statements are answered again', succeeds, 60_000)
      await restarted
    }
  }, 240_000)
})

function writeSome(author: Author, round: number): void {
  author.message('ana', `message of round ${round}`)
  author.message('bob', `answer of round ${round}`)
  if (round % 2 === 0) author.edit(BigInt(author.messages.length), 'edited')
  if (round % 3 === 0) author.react(1n)
  if (round % 7 === 0) author.delete(BigInt(author.messages.length - 1))
}
