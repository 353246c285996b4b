import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { SqliteConversationLog } from './conversation-log.ts'

const folder = await mkdtemp(join(tmpdir(), 'conversation-log-kill-'))
const file = join(folder, 'log.db')
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Acknowledged {
  readonly partition: number
  readonly key: string
  readonly position: bigint
}

/** Lets a process append until it has acknowledged so many records, and kills it. */
async function appendAndKill(prefix: string, atLeast: number): Promise<readonly Acknowledged[]> {
  const program = fileURLToPath(new URL('./conversation-log/append-until-killed.ts', import.meta.url))
  const appender = spawn(process.execPath, [program, file, prefix], { stdio: ['ignore', 'pipe', 'inherit'] })
  const acknowledged: Acknowledged[] = []
  for await (const line of createInterface(appender.stdout)) {
    const [partition, key, position] = line.split(' ')
    if (position) acknowledged.push({ partition: Number(partition), key: key!, position: BigInt(position) })
    if (acknowledged.length === atLeast) appender.kill('SIGKILL')
  }
  if (appender.signalCode === null) await once(appender, 'exit')
  expect(appender.signalCode).toBe('SIGKILL')
  return acknowledged
}

test.each([1, 2, 3])('nothing acknowledged is missing after kill -9, round %i', async (round) => {
  const acknowledged = await appendAndKill(`round-${round}`, 300 * round)
  await using log = await SqliteConversationLog.open(file, { partitions: 2 })
  const stored = new Map<string, string>()
  for (const partition of [0, 1]) {
    const entries = await log.list(partition, 0n, 1_000_000)
    expect(entries.every(({ position }, index) => index === 0 || position > entries[index - 1]!.position)).toBe(true)
    for (const { position, record } of entries) stored.set(`${partition} ${position}`, Buffer.from(record).toString())
  }
  const missing = acknowledged.filter(({ partition, position, key }) => stored.get(`${partition} ${position}`) !== `record of ${key}`)
  expect(missing).toEqual([])
  const { partition, key, position } = acknowledged.at(-1)!
  expect(await log.append(partition, { conversationId: 'c', key, record: new Uint8Array(1) })).toEqual({ position, duplicate: true })
})
