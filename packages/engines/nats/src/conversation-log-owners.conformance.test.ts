import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { silentLogger } from '@chat4all/base'
import { EngineUnavailable, HandOver } from '@chat4all/ports'
import { jetstreamManager } from '@nats-io/jetstream'
import { afterEach, expect, test, vi } from 'vitest'
import { NatsConversationLog } from './conversation-log.ts'
import { Ledger, LedgerOwner, Traffic } from './testing/traffic.ts'
import { withServers } from './testing/with-servers.ts'

const PROGRAM = fileURLToPath(new URL('./testing/own-until-killed.ts', import.meta.url))
const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 30_000, interval: 5 })

withServers({ size: 1 }, (at) => {
  const logs: NatsConversationLog[] = []
  const openLog = async (partitions = 2) => {
    const log = await NatsConversationLog.open(await at.connect(), { partitions, replicas: 1, logger: silentLogger })
    logs.push(log)
    return log
  }
  afterEach(async () => {
    for (const log of logs.splice(0)) await log[Symbol.asyncDispose]()
  })
  /** Owns partition 0; returns how to stop. */
  const own = (log: NatsConversationLog, owner: LedgerOwner) => {
    const stop = new AbortController()
    const ended = log.own(0, owner, stop.signal)
    return () => {
      stop.abort()
      return ended
    }
  }

  test('a consumer, or a whole stream, that is deleted is made anew, and positions go on rising', async () => {
    const log = await openLog()
    const ledger = new Ledger()
    ledger.checkpoint = await log.end(0)
    const owner = new LedgerOwner(ledger)
    const leave = own(log, owner)
    const jsm = await jetstreamManager(await at.connect())
    const append = async (key: string) => (await log.append(0, { conversationId: 'c', key, record: Buffer.from(key) })).position
    let position = await append('before')
    await eventually(() => expect(ledger.checkpoint).toBe(position))

    await jsm.consumers.delete('CONV_0', 'seq')
    position = await append('without a consumer')
    await eventually(() => expect(ledger.checkpoint).toBe(position))

    await jsm.streams.delete('CONV_0')
    const next = await append('without a stream')
    expect(next).toBeGreaterThan(position)
    await eventually(() => expect(ledger.checkpoint).toBe(next))
    await leave()
    expect([...ledger.texts.values()]).toEqual(['before', 'without a consumer', 'without a stream'])
  })

  test('a stream that went back to an older state takes nothing', async () => {
    const log = await openLog()
    const record = (key: string) => ({ conversationId: 'c', key, record: new Uint8Array([1]) })
    await log.append(0, record('first'))
    const { position } = await log.append(0, record('second'))
    const jsm = await jetstreamManager(await at.connect())
    const { config } = await jsm.streams.info('CONV_0')
    await jsm.streams.delete('CONV_0')
    await jsm.streams.add({ ...config, first_seq: Number(position) })
    await expect(log.append(0, record('third'))).rejects.toThrow(/went back/)
    await jsm.streams.delete('CONV_0')
    await openLog()
    expect((await log.append(0, record('fourth'))).position).toBeGreaterThan(position)
  })

  test('partitions that were added leave the others alone; who was started with fewer says that it does not know them', async () => {
    const before = await openLog(2)
    const record = (key: string) => ({ conversationId: 'c', key, record: new Uint8Array([1]) })
    const { position } = await before.append(1, record('first'))
    const after = await openLog(4)
    await after.append(3, record('in a new one'))
    expect((await after.append(1, record('second'))).position).toBe(position + 1n)
    await expect(before.append(3, record('unknown'))).rejects.toThrow(EngineUnavailable)
    expect((await before.append(1, record('third'))).position).toBe(position + 2n)
  })

  test('the next owner goes on without a gap, and soon, after one was killed in the middle of a batch', async () => {
    const log = await openLog()
    const ledger = new Ledger()
    ledger.checkpoint = await log.end(0)
    const traffic = new Traffic(log, 8, 2)
    const killed = spawn(process.execPath, [PROGRAM, at.servers.urls[0]!], { stdio: ['ignore', 'pipe', 'inherit'] })
    let checkpoint = 0n
    createInterface(killed.stdout).on('line', (line) => {
      checkpoint = BigInt(line)
    })
    await eventually(() => expect(checkpoint).toBeGreaterThan(ledger.checkpoint + 100n))
    const next = new LedgerOwner(ledger)
    const leave = own(log, next)
    killed.kill('SIGKILL')
    await once(killed.stdout, 'close')
    const killedAt = performance.now()
    ledger.checkpoint = checkpoint
    await eventually(() => expect(next.deliveredAt.length).toBeGreaterThan(0))
    const pauseMs = next.deliveredAt[0]! - killedAt
    const sent = await traffic.stop()
    await eventually(() => expect(ledger.checkpoint).toBe(sent.at(-1)!.position))
    await leave()
    expect(ledger.violations).toEqual([])
    const missing = sent.filter(({ position, text }) => position > checkpoint && ledger.texts.get(position) !== text)
    expect(missing).toEqual([])
    expect(pauseMs).toBeLessThan(5_000)
  })

  test('an owner that leaves hands over within a second, with records under way and without a gap', async () => {
    const [one, two] = [await openLog(), await openLog()]
    const ledger = new Ledger()
    ledger.checkpoint = await one.end(0)
    const owners = [new LedgerOwner(ledger, 20), new LedgerOwner(ledger, 20)] as const
    const leaveOne = own(one, owners[0])
    const traffic = new Traffic(two, 8, 1)
    await eventually(() => expect(owners[0].deliveredAt.length).toBeGreaterThan(5))
    const leaveTwo = own(two, owners[1])
    await leaveOne()
    await eventually(() => expect(owners[1].deliveredAt.length).toBeGreaterThan(5))
    const sent = await traffic.stop()
    await eventually(() => expect(ledger.checkpoint).toBe(sent.at(-1)!.position))
    await leaveTwo()
    expect(ledger.violations).toEqual([])
    expect(sent.filter(({ position, text }) => ledger.texts.get(position) !== text)).toEqual([])
    expect(owners[1].deliveredAt[0]! - owners[0].deliveredAt.at(-1)!).toBeLessThan(1_000)
  })

  test('an owner that leaves with nothing to come gives what it did not finish to the next one at once', async () => {
    const [one, two] = [await openLog(), await openLog()]
    const begin = await one.end(0)
    const stop = new AbortController()
    let given = 0
    const failing = {
      start: async () => begin,
      async deliver() {
        given += 1
        throw new Error('the store is away')
      },
    }
    const ended = one.own(0, failing, stop.signal)
    await one.append(0, { conversationId: 'c', key: 'unfinished', record: Buffer.from('unfinished') })
    await eventually(() => expect(given).toBeGreaterThan(0))
    const ledger = new Ledger()
    ledger.checkpoint = begin
    const next = new LedgerOwner(ledger)
    const leave = own(two, next)
    stop.abort()
    await ended
    const leftAt = performance.now()
    await eventually(() => expect([...ledger.texts.values()]).toEqual(['unfinished']))
    expect(performance.now() - leftAt).toBeLessThan(1_000)
    await leave()
  })

  test('an owner that can not read a record hands it over, once and again, until one comes that can', async () => {
    const [one, two, three] = [await openLog(), await openLog(), await openLog()]
    const begin = await one.end(0)
    let given = 0
    const older = () => ({
      start: async () => begin,
      async deliver() {
        given += 1
        throw new HandOver('newer than this owner')
      },
    })
    const stop = new AbortController()
    const ended = [one.own(0, older(), stop.signal), two.own(0, older(), stop.signal)]
    await one.append(0, { conversationId: 'c', key: 'of a newer version', record: Buffer.from('newer') })
    await eventually(() => expect(given).toBeGreaterThan(2))
    const [before, since] = [given, performance.now()]
    const ledger = new Ledger()
    ledger.checkpoint = begin
    const newer = new LedgerOwner(ledger)
    const leave = own(three, newer)
    await eventually(() => expect([...ledger.texts.values()]).toEqual(['newer']))
    expect(newer.deliveredAt[0]! - since).toBeLessThan(5_000)
    // They asked no more than about twice a second each.
    expect(given - before).toBeLessThan(20)
    stop.abort()
    await Promise.all([...ended, leave()])
  })

  test('processes that come share the partitions, and take over those of one that goes', async () => {
    const partitions = 8
    const held = (owners: readonly Set<number>[]) => owners.map(({ size }) => size)
    const start = async () => {
      const log = await openLog(partitions)
      const owned = new Set<number>()
      const stop = new AbortController()
      const ownOne = async (partition: number) => {
        const owner = {
          start: async () => log.end(partition),
          async deliver() {
            for (const other of everybody) if (other !== owned) other.delete(partition)
            owned.add(partition)
          },
        }
        await log.own(partition, owner, stop.signal)
      }
      const ended = Promise.all(Array.from({ length: partitions }, (_, partition) => ownOne(partition)))
      everybody.push(owned)
      return {
        log,
        async leave() {
          stop.abort()
          await ended
          everybody.splice(everybody.indexOf(owned), 1)
        },
      }
    }
    const everybody: Set<number>[] = []
    const first = await start()
    let turn = 0
    const tick = setInterval(() => {
      turn += 1
      for (let partition = 0; partition < partitions; partition += 1) {
        const record = { conversationId: 'c', key: `tick/${turn}`, record: Buffer.from('tick') }
        first.log.append(partition, record).catch(() => {})
      }
    }, 50)
    await eventually(() => expect(held(everybody)).toEqual([8]))
    const second = await start()
    await eventually(() => expect(held(everybody)).toEqual([4, 4]))
    const third = await start()
    await eventually(() => expect(Math.max(...held(everybody))).toBeLessThanOrEqual(3))
    await third.leave()
    await second.leave()
    await eventually(() => expect(held(everybody)).toEqual([8]))
    clearInterval(tick)
    await first.leave()
  })
})
