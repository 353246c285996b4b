import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EngineUnavailable, type LogEntry } from '@chat4all/ports'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SqliteConversationLog } from './conversation-log.ts'

const HOUR_MS = 60 * 60 * 1000
const record = (key: string) => ({ conversationId: 'c', key, record: Buffer.from(key) })
const keys = (length: number) => Array.from({ length }, (_, index) => `key-${index}`)
const texts = (entries: readonly LogEntry[]) => entries.map((entry) => Buffer.from(entry.record).toString())

let folder: string
let log: SqliteConversationLog
let now: number
const open = (partitions = 2) =>
  SqliteConversationLog.open(join(folder, 'log.db'), { partitions, retentionMs: HOUR_MS, clock: { now: () => now } })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conversation-log-'))
  now = Date.UTC(2026, 0, 1)
  log = await open()
})
afterEach(async () => {
  await log[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

test('trimmed records stay until they are older than the retention, and go then, with their keys', async () => {
  const old = await Promise.all(keys(600).map((key) => log.append(0, record(key))))
  now += HOUR_MS
  await log.append(0, record('young'))
  await log.append(1, record('other partition'))
  await log.trim(0, old[549]!.position)
  expect(await log.list(0, 0n, 1_000)).toHaveLength(601)
  now += 1_000
  await log.trim(0, old[549]!.position)
  expect(texts(await log.list(0, 0n, 1_000))).toEqual([...keys(600).slice(550), 'young'])
  expect(await log.read(0, old[0]!.position)).toBeUndefined()
  expect((await log.append(0, record('key-0'))).duplicate).toBe(false)
  expect((await log.append(0, record('key-550'))).duplicate).toBe(true)
})

test('records younger than the retention stay although older ones go', async () => {
  await log.append(0, record('old'))
  now += 2 * HOUR_MS
  await log.append(0, record('young'))
  const { position } = await log.append(0, record('youngest'))
  await log.trim(0, position)
  expect(texts(await log.list(0, 0n, 10))).toEqual(['young', 'youngest'])
})

test('the newest record of a partition stays, so that its end does not change', async () => {
  const appended = await Promise.all(keys(3).map((key) => log.append(0, record(key))))
  now += 2 * HOUR_MS
  await log.trim(0, 1_000n)
  await log[Symbol.asyncDispose]()
  log = await open()
  expect(texts(await log.list(0, 0n, 10))).toEqual(['key-2'])
  expect(await log.end(0)).toBe(appended[2]!.position)
})

test('an owner whose records were trimmed away goes on with what is there', async () => {
  await Promise.all(keys(10).map((key) => log.append(0, record(key))))
  now += 2 * HOUR_MS
  await log.trim(0, 1_000n)
  const stop = new AbortController()
  const { promise: delivered, resolve } = Promise.withResolvers<readonly LogEntry[]>()
  const owning = log.own(0, { start: async () => 0n, deliver: async (entries) => resolve(entries) }, stop.signal)
  expect(texts(await delivered)).toEqual(['key-9'])
  stop.abort()
  await owning
})

test('one key may stand in two partitions', async () => {
  const first = await log.append(0, record('key'))
  const second = await log.append(1, record('key'))
  expect([first.duplicate, second.duplicate]).toEqual([false, false])
})

test('refuses what cannot be stored', async () => {
  await expect(log.append(2, record('key'))).rejects.toThrow('no partition 2')
  await expect(log.append(0, record(''))).rejects.toThrow('1 to 200 bytes')
  await expect(log.append(0, record('é'.repeat(101)))).rejects.toThrow('1 to 200 bytes')
  await expect(log.append(0, { ...record('key'), record: new Uint8Array(256 * 1024 + 1) })).rejects.toThrow('at most 262144')
  expect(await log.end(0)).toBe(0n)
})

test('refuses to open with fewer partitions than it has records in', async () => {
  await log.append(1, record('key'))
  await log[Symbol.asyncDispose]()
  await expect(open(1)).rejects.toThrow('partition 1')
  log = await open(2)
})

test('closing ends the owners, answers what was appended before, and refuses the rest', async () => {
  const owning = log.own(0, { start: async () => 0n, deliver: async () => {} }, new AbortController().signal)
  const before = log.append(0, record('before'))
  const closing = log[Symbol.asyncDispose]()
  expect((await before).duplicate).toBe(false)
  await Promise.all([owning, closing])
  await expect(log.append(0, record('after'))).rejects.toBeInstanceOf(EngineUnavailable)
})
