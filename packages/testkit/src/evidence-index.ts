import type { Evidence, MarkRecord, Reading, ReceivedRecord, SendRecord, StatusRecord, Subscription } from './history.ts'

/** The evidence, sorted once so that every check is one pass. */
export interface EvidenceIndex {
  readonly sends: readonly SendRecord[]
  /** All attempts to send a message, in the order of the calls. */
  readonly attempts: ReadonlyMap<string, readonly SendRecord[]>
  readonly received: readonly ReceivedRecord[]
  readonly marks: readonly MarkRecord[]
  readonly statuses: readonly StatusRecord[]
  readonly subscriptions: readonly Subscription[]
  readonly readings: readonly Reading[]
  /** The readings of each conversation; the first is the reference that live streams and orders are compared with. */
  readonly readingsOf: ReadonlyMap<string, readonly Reading[]>
  /** Where the reference reading of its conversation has a message. */
  readonly sequenceOf: ReadonlyMap<string, bigint>
  /** The sequence of the last message of each conversation that was read. */
  readonly lastSequenceOf: ReadonlyMap<string, bigint>
}

export function indexEvidence(evidence: Evidence): EvidenceIndex {
  const sends = evidence.history.filter((r) => r.op === 'send').sort((a, b) => a.callAt - b.callAt)
  const readingsOf = Map.groupBy(evidence.readings, (r) => r.conversation)
  const sequenceOf = new Map<string, bigint>()
  for (const [reference] of readingsOf.values()) for (const row of reference!.rows) sequenceOf.set(row.messageId, row.sequence)
  return {
    sends,
    attempts: Map.groupBy(sends, (s) => s.messageId),
    received: evidence.history.filter((r) => r.op === 'recv'),
    marks: evidence.history.filter((r) => r.op === 'ack'),
    statuses: evidence.history.filter((r) => r.op === 'status'),
    subscriptions: evidence.subscriptions,
    readings: evidence.readings,
    readingsOf,
    sequenceOf,
    lastSequenceOf: new Map([...readingsOf].map(([conversation, [reference]]) => [conversation, lastSequence(reference!)])),
  }
}

function lastSequence(reading: Reading): bigint {
  let last = 0n
  for (const { sequence } of reading.rows) if (sequence > last) last = sequence
  return last
}
