import type { HistoryRecord } from '../../packages/testkit/src/index.ts'

/** Milliseconds that a given part of the messages did not exceed. */
export interface Percentiles {
  readonly count: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** Of the messages sent from one time to another: until the sender had the answer, and until each receiver had the message. */
export function latencies(
  history: readonly HistoryRecord[],
  from: number,
  to: number,
): { readonly acknowledged: Percentiles; readonly delivered: Percentiles } {
  const sentAt = new Map<string, number>()
  for (const record of history) {
    if (record.op !== 'send' || record.callAt < from || record.callAt > to) continue
    sentAt.set(record.messageId, Math.min(record.callAt, sentAt.get(record.messageId) ?? Number.POSITIVE_INFINITY))
  }
  const acknowledged: number[] = []
  const delivered: number[] = []
  for (const record of history) {
    const at = record.op === 'send' || record.op === 'recv' ? sentAt.get(record.messageId) : undefined
    if (at === undefined) continue
    if (record.op === 'recv') delivered.push(record.returnAt - at)
    else if (record.op === 'send' && record.outcome === 'ok') acknowledged.push(record.returnAt - at)
  }
  return { acknowledged: percentiles(acknowledged), delivered: percentiles(delivered) }
}

export function percentiles(values: readonly number[]): Percentiles {
  const sorted = Float64Array.from(values).sort()
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: sorted.at(-1) ?? 0 }
}
