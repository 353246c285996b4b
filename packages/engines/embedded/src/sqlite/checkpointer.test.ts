import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Checkpointer } from './checkpointer.ts'
import { openDatabase } from './open-database.ts'

let folder: string
let file: string
let db: DatabaseSync

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpointer-'))
  file = join(folder, 'some.db')
  db = openDatabase(file, false)
  db.exec('CREATE TABLE blobs (id INTEGER PRIMARY KEY, bytes BLOB)')
})
afterEach(async () => {
  db.close()
  await rm(folder, { recursive: true })
})

const wal = () => db.prepare('PRAGMA wal_checkpoint(NOOP)').get() as { log: number; checkpointed: number }
const write = (pages: number) => {
  const insert = db.prepare('INSERT INTO blobs (bytes) VALUES (zeroblob(4000))')
  for (let i = 0; i < pages; i++) insert.run()
}

test('moves a long WAL into the database while its owner writes on, and the WAL starts anew', async () => {
  db.exec('PRAGMA synchronous = OFF')
  write(4_000)
  expect(wal().checkpointed).toBe(0)
  await using _checkpointer = await Checkpointer.start([file])
  await vi.waitFor(() => expect(wal()).toEqual(expect.objectContaining({ checkpointed: wal().log })), 10_000)
  write(1)
  expect(wal().log).toBeLessThan(100)
})

test('leaves a short WAL alone: its pages may be written again', async () => {
  write(10)
  await using _checkpointer = await Checkpointer.start([file])
  write(10)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(wal().checkpointed).toBe(0)
})
