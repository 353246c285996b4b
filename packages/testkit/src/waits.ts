import type { HistoryRecord } from './history.ts'

/** How long messages took, in milliseconds from the first attempt to send each. */
export interface Waits {
  /** To the acknowledgement, repeats included. */
  readonly acknowledged: readonly number[]
  /** To the last of those who received it live. */
  readonly delivered: readonly number[]
}

export function waitsOf(history: readonly HistoryRecord[]): Waits {
  const calledAt = new Map<string, number>()
  const acknowledged = new Map<string, number>()
  const delivered = new Map<string, number>()
  const seen = new Set<string>()
  for (const record of history.toSorted((a, b) => a.returnAt - b.returnAt)) {
    if (record.op === 'send') {
      const { messageId, callAt, returnAt, outcome } = record
      calledAt.set(messageId, Math.min(callAt, calledAt.get(messageId) ?? callAt))
      if (outcome === 'ok' && !acknowledged.has(messageId)) acknowledged.set(messageId, returnAt)
    } else if (record.op === 'recv' && !seen.has(`${record.proc} ${record.messageId}`)) {
      // Whoever comes back may get some of it again.
      seen.add(`${record.proc} ${record.messageId}`)
      delivered.set(record.messageId, record.returnAt)
    }
  }
  const from = (ends: ReadonlyMap<string, number>) =>
    [...ends].flatMap(([messageId, end]) => (calledAt.has(messageId) ? [end - calledAt.get(messageId)!] : []))
  return { acknowledged: from(acknowledged), delivered: from(delivered) }
}
