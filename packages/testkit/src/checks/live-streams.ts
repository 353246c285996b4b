import type { ReceivedRecord, Subscription } from '../history.ts'
import type { Check, Violation } from '../violation.ts'

/** P5: one stream rises strictly; all streams of a subscriber together, repeats dropped, hold every message exactly once. */
export const liveStreams: Check = function* (index) {
  const arrivals = Map.groupBy(index.received, key)
  for (const subscription of index.subscriptions) {
    const end = index.lastSequenceOf.get(subscription.conversation) ?? 0n
    yield* follow(subscription, arrivals.get(key(subscription)) ?? [], end)
  }
}

function* follow(subscription: Subscription, arrivals: readonly ReceivedRecord[], end: bigint): Generator<Violation> {
  let seen = subscription.after
  let session = -1
  let inSession = 0n
  for (const record of arrivals) {
    if (record.session !== session) inSession = 0n
    session = record.session
    if (record.sequence <= inSession) yield at(record, 'stream is not rising', `${record.sequence} after ${inSession} in one stream`)
    inSession = record.sequence
    if (record.sequence > seen + 1n) yield at(record, 'stream skipped messages', `${record.sequence} after ${seen}`)
    if (record.sequence > seen) seen = record.sequence
  }
  if (seen < end) yield at({ ...subscription, sequence: seen }, 'stream is not complete', `ends at ${seen}, the conversation at ${end}`)
}

function at(where: Pick<ReceivedRecord, 'proc' | 'conversation' | 'sequence'>, kind: string, detail: string): Violation {
  return { property: 'P5 live streams', kind, conversation: where.conversation, proc: where.proc, sequence: where.sequence, detail }
}

function key(record: { readonly proc: string; readonly conversation: string }): string {
  return `${record.proc} ${record.conversation}`
}
