import type { Check } from '../violation.ts'

/** P9: a message whose outcome nobody knows is stored and delivered like any other, or nowhere: whatever was received is in every reading. */
export const wholeOrAbsent: Check = function* (index) {
  const held = new Map(index.readings.map((reading) => [reading, new Set(reading.rows.map((row) => row.messageId))]))
  for (const record of index.received) {
    for (const reading of index.readingsOf.get(record.conversation) ?? []) {
      if (held.get(reading)!.has(record.messageId)) continue
      yield {
        property: 'P9 whole or absent',
        kind: 'received message is not stored',
        conversation: record.conversation,
        messageId: record.messageId,
        sequence: record.sequence,
        proc: record.proc,
        detail: `not in ${reading.source}`,
      }
    }
  }
}
