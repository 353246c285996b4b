import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { AlreadyExists, Conflict, EngineUnavailable, StorageFull } from '@chat4all/ports'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ownBytes, WorkerDatabase } from './worker-database.ts'

const module = new URL('./testing/counter.worker.ts', import.meta.url)
let directory: string
let file: string
let db: WorkerDatabase

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'worker-database-'))
  file = join(directory, 'numbers.db')
  db = await WorkerDatabase.open({ file, module })
})

afterEach(async () => {
  await db[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

const add = (n: number) => db.call('add', { n })
const list = () => db.call<number[]>('list', {})
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** Commits so far, as the WAL counts them: each commit ends with a frame that carries the size of the database. */
const commits = async () => {
  const wal = await readFile(`${file}-wal`)
  let count = 0
  for (let at = 32; at + 24 <= wal.length; at += 24 + 4096) if (wal.readUInt32BE(at + 4) > 0) count += 1
  return count
}

test('keeps what it answered, over a restart', async () => {
  await Promise.all(numbers(1, 10).map(add))
  await db[Symbol.asyncDispose]()
  db = await WorkerDatabase.open({ file, module })
  expect(await list()).toEqual(numbers(1, 10))
})

test('commits calls of one turn together', async () => {
  const before = await commits()
  await Promise.all(numbers(1, 100).map(add))
  expect((await commits()) - before).toBe(1)
})

test('commits what queued during a commit together', async () => {
  const before = await commits()
  const first = add(1)
  await new Promise((resolve) => setImmediate(resolve))
  await Promise.all([first, ...numbers(2, 100).map(add)])
  expect((await commits()) - before).toBe(2)
})

test('a call that throws undoes only itself', async () => {
  const results = await Promise.allSettled([add(1), db.call('addThenConflict', { n: 2 }), add(3), add(3), add(4), db.call('taken', {})])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled', 'rejected'])
  expect(await list()).toEqual([1, 3, 4])
})

test('errors of the ports come back as what they were', async () => {
  await expect(db.call('addThenConflict', { n: 1 })).rejects.toBeInstanceOf(Conflict)
  const taken: AlreadyExists = await db.call<never>('taken', {}).catch((error) => error)
  expect(taken).toBeInstanceOf(AlreadyExists)
  expect(taken.key).toBe('private_pair')
})

test('a call with arguments that cannot be sent fails, and the next one works', async () => {
  await expect(db.call('add', { n: () => 1 })).rejects.toThrow()
  await expect(db.callLate('add', () => JSON.parse('{'))).rejects.toThrow(SyntaxError)
  await expect(db.call('nonsense', {})).rejects.toThrow('no such operation')
  await add(1)
  expect(await list()).toEqual([1])
})

test('reads see the writes that were answered before, from a reader too', async () => {
  await db[Symbol.asyncDispose]()
  db = await WorkerDatabase.open({ file, module, readers: 2 })
  for (const n of numbers(1, 20)) {
    await add(n)
    expect(await list()).toHaveLength(n)
  }
})

test('moves returned buffers to the caller', async () => {
  expect(await db.call('bytes', { length: 3 })).toEqual(new Uint8Array([7, 7, 7]))
})

test('says that storage is full, and works again when there is space', async () => {
  await add(1)
  await db.call('limitPages', { pages: 4 })
  const body = new Uint8Array(100_000)
  const results = await Promise.allSettled(numbers(2, 4).map((n) => db.call('add', { n, body })))
  for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: expect.any(StorageFull) })
  await db.call('limitPages', { pages: 1_000_000 })
  await db.call('add', { n: 5, body })
  expect(await list()).toEqual([1, 5])
})

test('refuses a file that is open already', async () => {
  await expect(WorkerDatabase.open({ file, module })).rejects.toThrow('in use')
})

test('refuses a file that another process has, and takes it when that was killed', async () => {
  await db[Symbol.asyncDispose]()
  const holder = spawn(process.execPath, [fileURLToPath(new URL('./testing/hold-database.ts', import.meta.url)), file])
  await once(holder.stdout, 'data')
  await expect(WorkerDatabase.open({ file, module })).rejects.toBeInstanceOf(EngineUnavailable)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  db = await WorkerDatabase.open({ file, module })
  await add(1)
})

test('a database that is newer than the code does not open, and is not left locked', async () => {
  await db[Symbol.asyncDispose]()
  const raw = new DatabaseSync(file)
  raw.exec("INSERT INTO schema_migrations VALUES (2, 'future', '')")
  await expect(WorkerDatabase.open({ file, module })).rejects.toThrow('newer')
  raw.exec('DELETE FROM schema_migrations WHERE version = 2')
  raw.close()
  db = await WorkerDatabase.open({ file, module })
})

test('answers what was called before closing, and refuses what comes after', async () => {
  const before = Promise.all(numbers(1, 5).map(add))
  const closing = db[Symbol.asyncDispose]()
  await expect(add(6)).rejects.toBeInstanceOf(EngineUnavailable)
  await before
  await closing
})

test('fails the calls of a worker that died', async () => {
  const calls = [db.call('crash', {}), add(1)]
  for (const call of calls) await expect(call).rejects.toBeInstanceOf(EngineUnavailable)
  await expect(add(2)).rejects.toBeInstanceOf(EngineUnavailable)
})

test('ownBytes copies a view and leaves whole buffers alone', () => {
  const whole = new Uint8Array(4)
  expect(ownBytes(whole)).toBe(whole)
  expect(ownBytes(Buffer.from('ab')).buffer.byteLength).toBe(2)
})
