import type { SendRecord } from '../history.ts'
import type { Check, Violation } from '../violation.ts'

/** P6: a sender's messages to one conversation stand in the order in which it sent them.
 *
 *  Compared are messages that took the same way: sent over the same streams, in the same order on each of them, never
 *  refused. One that had to be sent again on its own may rightly stand behind later ones. */
export const sessionOrder: Check = function* (index) {
  const last = new Map<string, { readonly sequence: bigint; readonly finalCall: number }>()
  for (const attempts of index.attempts.values()) {
    const sequence = index.sequenceOf.get(attempts[0]!.messageId)
    if (sequence === undefined || attempts.some((a) => a.outcome === 'fail')) continue
    const finalCall = attempts.at(-1)!.callAt
    const before = last.get(way(attempts))
    if (before !== undefined && before.finalCall <= finalCall && before.sequence > sequence) {
      yield overtaken(attempts[0]!, sequence, before.sequence)
    }
    last.set(way(attempts), { sequence, finalCall })
  }
}

function way(attempts: readonly SendRecord[]): string {
  const [first] = attempts
  return `${first!.proc} ${first!.conversation} ${attempts.map((a) => a.session).join()}`
}

function overtaken(send: SendRecord, sequence: bigint, before: bigint): Violation {
  return {
    property: 'P6 session order',
    kind: 'message overtook an earlier one',
    conversation: send.conversation,
    proc: send.proc,
    messageId: send.messageId,
    sequence,
    detail: `stands at ${sequence}, the message that its sender sent before at ${before}`,
  }
}
