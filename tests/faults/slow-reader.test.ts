import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type History, Load, Receiver, TcpProxy, TestServer, waitUntil } from '@chat4all/testkit'
import { expect, it } from 'vitest'
import { expectNothingBroken } from './clean.ts'

const ROUNDS = 3
const PHASE_MS = 1500
const BODY_BYTES = 8192
/** Several times what the server queues for one reader. */
const BEHIND_BYTES = 5 * 1024 * 1024

it('does not let a reader at 1 KB/s move the others, cuts it off, and lets it resume', async () => {
  await using server = await TestServer.start()
  await using proxy = await TcpProxy.start(server.grpcPort)
  // One message under way per sender: latencies, not queues, are compared.
  await using load = await Load.prepare(server, { pairs: 10, window: 1, bodyBytes: BODY_BYTES })
  const { history } = load
  const fast = load.receivers[0]!
  const tenant = load.tenants[0]!
  const client = await tenant.client.asUser('receiver-0', `127.0.0.1:${proxy.port}`)
  const slow = new Receiver({ proc: 'slow', user: 'receiver-0', tenant: tenant.tenantId, client, history })
  await slow.start()
  load.start()
  await sleep(PHASE_MS)

  // In turns, so that whatever else the machine does meets both alike.
  const alone: number[] = []
  const together: number[] = []
  const memoryBefore = residentMegabytes(server.pid)
  let slowedAt = 0
  for (let round = 0; round < ROUNDS; round++) {
    proxy.shape({})
    alone.push(...(await latencies(history)))
    proxy.shape({ toClient: { bytesPerSecond: 1024 } })
    slowedAt = performance.now()
    together.push(...(await latencies(history)))
  }
  const missed = () => history.records.filter((r) => r.op === 'recv' && r.proc === fast.proc && r.returnAt > slowedAt).length
  await waitUntil('the slow reader is behind by megabytes', () => missed() * BODY_BYTES > BEHIND_BYTES, 120_000)
  const memoryAfter = residentMegabytes(server.pid)
  proxy.shape({})
  await waitUntil('the slow reader is told', () => slow.failures.length > 0)
  expect(new Set(slow.failures.map((f) => f.reason))).toEqual(new Set(['SLOW_CONSUMER']))

  await load.settle()
  const conversations = new Set(history.records.filter((r) => r.op === 'recv' && r.proc === fast.proc).map((r) => r.conversation))
  expect(conversations.size).toBe(2)
  for (const c of conversations) await waitUntil('the slow reader has everything', () => slow.seen(c) === fast.seen(c))
  slow.close()
  client.close()
  await expectNothingBroken(server, load)

  console.log(
    `p50 and p95 alone ${quantile(alone, 0.5)}, ${quantile(alone, 0.95)} ms; with the slow reader ${quantile(together, 0.5)}, ${quantile(together, 0.95)} ms; memory ${memoryBefore} -> ${memoryAfter} MB`,
  )
  expect(quantile(together, 0.5)).toBeLessThan(quantile(alone, 0.5) * 1.5 + 5)
  expect(quantile(together, 0.95)).toBeLessThan(quantile(alone, 0.95) * 4 + 50)
  expect(memoryAfter - memoryBefore).toBeLessThan(250)
})

/** Milliseconds from sending to arriving at the others, of what is sent and arrives within one phase. */
async function latencies(history: History): Promise<number[]> {
  const from = history.records.length
  await sleep(PHASE_MS)
  const records = history.records.slice(from)
  const sentAt = new Map(records.flatMap((r) => (r.op === 'send' && r.outcome === 'ok' ? [[r.messageId, r.callAt]] : [])))
  const found = records.flatMap((r) => {
    const at = r.op === 'recv' && r.proc !== 'slow' ? sentAt.get(r.messageId) : undefined
    return at === undefined ? [] : [r.returnAt - at]
  })
  expect(found.length).toBeGreaterThan(20)
  return found
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round(sorted[Math.floor(sorted.length * share)]! * 10) / 10
}

function residentMegabytes(pid: number): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024)
}
