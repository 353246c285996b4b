import { silentLogger } from '@chat4all/base'
import { jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { expect, test, vi } from 'vitest'
import { NatsConversationLog } from './conversation-log.ts'
import { Ledger, LedgerOwner, type Sent, Traffic } from './testing/traffic.ts'
import { type TestServers, withServers } from './testing/with-servers.ts'

const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 60_000, interval: 10 })

/** Who leads the stream of partition 0. */
async function leaderOf(connection: NatsConnection): Promise<string | undefined> {
  const jsm = await jetstreamManager(connection, { checkAPI: false })
  const { cluster } = await jsm.streams.info('CONV_0')
  return cluster?.leader
}

/** Appends and owns while a fault happens, then checks that what was acknowledged stands once, in the order of each caller, and was delivered. */
async function survives({ connect }: TestServers, replicas: 1 | 3, fault: (connection: NatsConnection) => Promise<void>): Promise<void> {
  const [connection, ownersConnection] = [await connect(), await connect()]
  const options = { partitions: 1, replicas, logger: silentLogger }
  await using log = await NatsConversationLog.open(connection, options)
  await using ownersLog = await NatsConversationLog.open(ownersConnection, options)
  const ledger = new Ledger()
  ledger.checkpoint = await log.end(0)
  const stop = new AbortController()
  const ended = ownersLog.own(0, new LedgerOwner(ledger), stop.signal)
  const traffic = new Traffic(log, 10, 1)
  const sentIs = (count: number) => eventually(() => expect(traffic.sent.length).toBeGreaterThan(count))
  await sentIs(200)
  await fault(connection)
  await sentIs(traffic.sent.length + 200)
  const sent = await traffic.stop()
  await eventually(() => expect(ledger.checkpoint).toBe(sent.at(-1)!.position))
  stop.abort()
  await ended
  expect(ledger.violations).toEqual([])
  expect(sent.filter(({ position, text }) => ledger.texts.get(position) !== text)).toEqual([])
  expect(ledger.texts.size).toBe(sent.length)
  expect(outOfOrder(sent)).toEqual([])
}

/** Records that stand before an earlier one of their caller. */
function outOfOrder(sent: readonly Sent[]): readonly string[] {
  const turns = new Map<string, number>()
  return sent.flatMap(({ text }) => {
    const [caller = '', turn = ''] = text.split('/')
    const before = turns.get(caller) ?? -1
    turns.set(caller, Number(turn))
    return Number(turn) === before + 1 ? [] : [text]
  })
}

withServers({ size: 1 }, (at) => {
  test('a server that is killed and started again loses nothing that was acknowledged', async () => {
    await survives(at, 1, async () => {
      await at.servers.nodes[0]!.kill()
      await at.servers.nodes[0]!.restart()
    })
  })
})

withServers({ size: 3 }, (at) => {
  test('a leader that steps down loses nothing, and swaps nothing', async () => {
    await survives(at, 3, async (connection) => {
      for (const subject of ['$JS.API.STREAM.LEADER.STEPDOWN.CONV_0', '$JS.API.CONSUMER.LEADER.STEPDOWN.CONV_0.seq']) {
        await connection.request(subject, '', { timeout: 5_000 })
        await eventually(async () => expect(await leaderOf(connection)).toBeTruthy())
      }
    })
  }, 120_000)

  test('a leader that is killed loses nothing, and swaps nothing', async () => {
    await survives(at, 3, async (connection) => {
      const node = at.servers.nodes[Number((await leaderOf(connection))!.slice(1)) - 1]!
      await node.kill()
      await node.restart()
    })
  }, 120_000)
})
