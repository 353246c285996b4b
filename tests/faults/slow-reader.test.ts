import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type History, Load, type ReceivedRecord, Receiver, type SendRecord, TcpProxy, TestServer, waitUntil } from '@chat4all/testkit'
import { expect, it } from 'vitest'
import { expectNothingBroken } from './clean.ts'

const PHASE_MS = 4000

it('does not let a reader at 1 KB/s move the others, cuts it off, and lets it resume', async () => {
  await using server = await TestServer.start()
  await using proxy = await TcpProxy.start(server.grpcPort)
  // One message under way per sender: latencies, not queues, are compared.
  await using load = await Load.prepare(server, { pairs: 10, window: 1 })
  load.start()
  await sleep(PHASE_MS)
  const alone = latencies(load.history, performance.now() - PHASE_MS / 2)

  const client = await (await server.apiClient()).asUser('receiver-0', `127.0.0.1:${proxy.port}`)
  const slow = new Receiver({ proc: 'slow', user: 'receiver-0', tenant: server.credentials.tenant_id, client, history: load.history })
  await slow.start()
  const firstSeen = load.history.records.length
  proxy.shape({ toClient: { bytesPerSecond: 1024 } })
  const memoryBefore = residentMegabytes(server.pid)
  const slowedAt = performance.now()
  await sleep(PHASE_MS)
  const together = latencies(load.history, slowedAt)
  await waitUntil('the slow reader is behind by megabytes', () => missed(load.history, firstSeen) > 8_000)
  const memoryAfter = residentMegabytes(server.pid)
  proxy.shape({})
  await waitUntil('the slow reader is told', () => slow.failures.length > 0)
  expect(slow.failures[0]).toMatchObject({ reason: 'SLOW_CONSUMER' })

  await load.settle()
  const theirs = load.history.records.filter((r) => r.op === 'recv' && r.proc.endsWith('/receiver-0') && !r.tenant.startsWith('other'))
  const conversations = new Set(theirs.map((r) => r.conversation))
  const reference = load.receivers.find((r) => r.proc.endsWith('/receiver-0'))!
  for (const c of conversations) await waitUntil('the slow reader has everything', () => slow.seen(c) === reference.seen(c))
  slow.close()
  client.close()
  await expectNothingBroken(server, load)

  console.log(
    `p95 alone ${alone.toFixed(1)} ms, with the slow reader ${together.toFixed(1)} ms; memory ${memoryBefore} -> ${memoryAfter} MB`,
  )
  expect(together).toBeLessThan(alone * 2 + 10)
  expect(memoryAfter - memoryBefore).toBeLessThan(150)
})

/** 95th percentile of the milliseconds from a send to its arrivals, of messages sent since a time. */
function latencies(history: History, since: number): number {
  const sent = new Map<string, number>()
  for (const r of history.records)
    if (r.op === 'send' && r.outcome === 'ok' && r.callAt >= since) sent.set((r as SendRecord).messageId, r.callAt)
  const all = history.records
    .filter((r): r is ReceivedRecord => r.op === 'recv' && r.proc !== 'slow' && sent.has(r.messageId))
    .map((r) => r.returnAt - sent.get(r.messageId)!)
    .sort((a, b) => a - b)
  expect(all.length).toBeGreaterThan(100)
  return all[Math.floor(all.length * 0.95)]!
}

/** Messages that the fast stream of the slow reader's user got since a place in the history. */
function missed(history: History, from: number): number {
  return history.records.slice(from).filter((r) => r.op === 'recv' && r.proc !== 'slow').length
}

function residentMegabytes(pid: number): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024)
}
