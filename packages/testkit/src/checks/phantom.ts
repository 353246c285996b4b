import type { EvidenceIndex } from '../evidence-index.ts'
import type { Check, Violation } from '../violation.ts'

/** P2: everything that was read or received was sent, to that place, with that content, and not refused. */
export const phantom: Check = function* (index) {
  for (const record of index.received) yield* compare(index, record, `received by ${record.proc}`)
  for (const reading of index.readings) {
    for (const row of reading.rows) yield* compare(index, { ...row, conversation: reading.conversation }, `read from ${reading.source}`)
  }
}

type Seen = { readonly conversation: string; readonly messageId: string; readonly bodyHash: string; readonly sequence: bigint }

function* compare(index: EvidenceIndex, seen: Seen, where: string): Generator<Violation> {
  const attempts = index.attempts.get(seen.messageId)
  const kind = difference(attempts, seen)
  if (kind === undefined) return
  yield {
    property: 'P2 no phantom',
    kind,
    conversation: seen.conversation,
    messageId: seen.messageId,
    sequence: seen.sequence,
    detail: `${where} at sequence ${seen.sequence}`,
  }
}

function difference(attempts: ReturnType<EvidenceIndex['attempts']['get']>, seen: Seen): string | undefined {
  if (attempts === undefined) return 'message was never sent'
  if (attempts.every((a) => a.bodyHash !== seen.bodyHash)) return 'content differs from what was sent'
  if (attempts.every((a) => a.conversation !== seen.conversation)) return 'message is in another conversation'
  if (attempts.every((a) => a.outcome === 'fail')) return 'refused message is there'
  return undefined
}
