import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { EngineUnavailable } from '@chat4all/ports'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SqliteEventLog } from './event-log.ts'

const event = (position: number) => ({ position: BigInt(position), tenantId: 't', conversationId: 'c', event: Buffer.from([position]) })
let folder: string
let log: SqliteEventLog
const file = () => join(folder, 'events.db')
const open = () => SqliteEventLog.open(file(), { partitions: 2 })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'event-log-'))
  log = await open()
})
afterEach(async () => {
  await log[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** How many events the file holds. */
const stored = () => {
  const db = new DatabaseSync(file(), { readOnly: true })
  const { n } = db.prepare('SELECT count(*) AS n FROM events').get() as { n: number }
  db.close()
  return n
}

test('publishing does not even ask the database while no consumer is registered', async () => {
  await log.register('search')
  await log.remove('search')
  await log[Symbol.asyncDispose]()
  await log.publish(0, [event(1)])
})

test('publishing fails when it cannot be kept for a consumer', async () => {
  await log.register('search')
  await log[Symbol.asyncDispose]()
  await expect(log.publish(0, [event(1)])).rejects.toBeInstanceOf(EngineUnavailable)
})

test('drops events when every consumer has acknowledged them', async () => {
  await log.register('search')
  await log.register('delivery')
  await log.publish(0, [event(1), event(2)])
  const stop = new AbortController()
  const search = log.consume('search', async () => {}, stop.signal)
  const handled = vi.fn(async () => {})
  expect(stored()).toBe(2)
  const delivery = log.consume('delivery', handled, stop.signal)
  await vi.waitFor(() => expect(stored()).toBe(0))
  expect(handled).toHaveBeenCalledOnce()
  stop.abort()
  await Promise.all([search, delivery])
})

test('drops what only a removed consumer needed', async () => {
  await log.register('search')
  await log.publish(0, [event(1), event(2)])
  await log.publish(1, [event(3)])
  await log.remove('search')
  expect(stored()).toBe(0)
})

test('a partition whose events cannot be handled does not hold up the others', async () => {
  await log.register('search')
  const stop = new AbortController()
  const handled: bigint[] = []
  const handle = async (partition: number, events: readonly { readonly position: bigint }[]) => {
    if (partition === 0) throw new Error('cannot')
    handled.push(...events.map(({ position }) => position))
  }
  const consuming = log.consume('search', handle, stop.signal)
  await log.publish(0, [event(1)])
  for (const position of [2, 3, 4]) await log.publish(1, [event(position)])
  await vi.waitFor(() => expect(handled).toEqual([2n, 3n, 4n]))
  stop.abort()
  await consuming
  expect(stored()).toBe(1)
})

test('refuses to consume for a name that is not registered, and ends when it is removed', async () => {
  const { signal } = new AbortController()
  await expect(log.consume('search', async () => {}, signal)).rejects.toThrow('no consumer is registered')
  await log.register('search')
  const consuming = log.consume('search', async () => {}, signal)
  await log.remove('search')
  await consuming
})

test('closing ends the consumers', async () => {
  await log.register('search')
  const consuming = log.consume('search', async () => {}, new AbortController().signal)
  await log[Symbol.asyncDispose]()
  await consuming
})
