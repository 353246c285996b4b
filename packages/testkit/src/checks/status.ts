import type { EvidenceIndex } from '../evidence-index.ts'
import type { Check, Violation } from '../violation.ts'

/** P8: watermarks only rise, read never exceeds delivered, delivered never exceeds what is stored, and what was acknowledged stays. */
export const statusOnlyRises: Check = function* (index) {
  const highest = new Map<string, Watermarks>()
  for (const status of index.statuses) {
    const key = `${status.proc} ${status.session} ${status.conversation} ${status.user}`
    const before = highest.get(key)
    if (before !== undefined && falls(before, status)) yield at(status, 'status fell', `${show(status)} after ${show(before)}`)
    highest.set(key, status)
    yield* bounds(index, status)
  }
  for (const mark of index.marks) {
    if (mark.outcome !== 'ok') continue
    yield* bounds(index, mark)
    for (const reading of index.readingsOf.get(mark.conversation) ?? []) {
      const stored = reading.receipts.get(mark.user)
      if (stored === undefined || falls(mark, stored)) {
        yield at(
          mark,
          'acknowledged status is missing',
          `${reading.source} has ${stored ? show(stored) : 'none'}, acknowledged was ${show(mark)}`,
        )
      }
    }
  }
}

interface Watermarks {
  readonly deliveredThrough: bigint
  readonly readThrough: bigint
}
type Seen = Watermarks & { readonly conversation: string; readonly user: string }

function* bounds(index: EvidenceIndex, seen: Seen): Generator<Violation> {
  if (seen.readThrough > seen.deliveredThrough) yield at(seen, 'read but not delivered', show(seen))
  const last = index.lastSequenceOf.get(seen.conversation) ?? 0n
  if (seen.deliveredThrough > last) yield at(seen, 'delivered but not stored', `${show(seen)}, the last message is ${last}`)
}

function falls(before: Watermarks, after: Watermarks): boolean {
  return after.deliveredThrough < before.deliveredThrough || after.readThrough < before.readThrough
}

function show(w: Watermarks): string {
  return `delivered ${w.deliveredThrough}, read ${w.readThrough}`
}

function at(seen: Seen, kind: string, detail: string): Violation {
  return { property: 'P8 status only rises', kind, conversation: seen.conversation, proc: seen.user, detail }
}
