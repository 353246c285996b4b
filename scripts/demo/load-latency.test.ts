import { expect, test } from 'vitest'
import type { HistoryRecord } from '../../packages/testkit/src/index.ts'
import { latencies, percentiles } from './load-latency.ts'

const where = { proc: 'p', tenant: 't', conversation: 'c', bodyHash: '', session: 1 }
const send = (messageId: string, callAt: number, returnAt: number, outcome: 'ok' | 'unknown' = 'ok'): HistoryRecord => {
  return { ...where, op: 'send', messageId, callAt, returnAt, outcome }
}
const recv = (messageId: string, returnAt: number): HistoryRecord => ({ ...where, op: 'recv', messageId, sequence: 1n, returnAt })

test('a message that had to be sent again counts from its first call', () => {
  const history = [send('a', 100, 150, 'unknown'), send('a', 200, 230), recv('a', 240)]
  const { acknowledged, delivered } = latencies(history, 0, 1_000)
  expect([acknowledged.count, acknowledged.p50, delivered.p50]).toEqual([1, 130, 140])
})

test('what was sent before or after the time does not count', () => {
  const history = [send('early', 5, 20), recv('early', 30), send('in', 10, 30), recv('in', 50), recv('in', 60), send('late', 90, 95)]
  const { acknowledged, delivered } = latencies(history, 10, 80)
  expect([acknowledged.count, delivered.count, delivered.max]).toEqual([1, 2, 50])
})

test('percentiles of nothing are zero', () => {
  expect(percentiles([])).toEqual({ count: 0, p50: 0, p90: 0, p99: 0, max: 0 })
  expect(percentiles(Array.from({ length: 100 }, (_, i) => 100 - i))).toEqual({ count: 100, p50: 51, p90: 91, p99: 100, max: 100 })
})
