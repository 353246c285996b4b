import type { SendRecord } from '../history.ts'
import type { Check, Violation } from '../violation.ts'

/** P7: a message sent after another one was acknowledged stands behind it, whoever sent them. */
export const realTimeOrder: Check = function* (index) {
  const firstCall = new Map<string, number>()
  for (const [messageId, attempts] of index.attempts) {
    firstCall.set(messageId, attempts.find((a) => a.outcome !== 'fail')?.callAt ?? Number.POSITIVE_INFINITY)
  }
  for (const sends of Map.groupBy(index.sends, (s) => s.conversation).values()) yield* sweep(sends, firstCall, index.sequenceOf)
}

/** Walks along the calls and keeps the highest sequence acknowledged before each. */
function* sweep(
  calls: readonly SendRecord[],
  firstCall: ReadonlyMap<string, number>,
  sequenceOf: ReadonlyMap<string, bigint>,
): Generator<Violation> {
  const returns = calls.filter((s) => s.outcome === 'ok').sort((a, b) => a.returnAt - b.returnAt)
  let highest = 0n
  let next = 0
  for (const call of calls) {
    const sequence = sequenceOf.get(call.messageId)
    if (sequence === undefined || firstCall.get(call.messageId) !== call.callAt) continue
    for (; next < returns.length && returns[next]!.returnAt < call.callAt; next++) {
      const returned = sequenceOf.get(returns[next]!.messageId)
      if (returned !== undefined && returned > highest) highest = returned
    }
    if (sequence <= highest) yield behind(call, sequence, highest)
  }
}

function behind(call: SendRecord, sequence: bigint, highest: bigint): Violation {
  return {
    property: 'P7 real-time order',
    kind: 'message stands before one that was acknowledged earlier',
    conversation: call.conversation,
    proc: call.proc,
    messageId: call.messageId,
    sequence,
    detail: `stands at ${sequence}; ${highest} was acknowledged before it was sent`,
  }
}
