import type { Check } from '../violation.ts'

/** P1: every acknowledged message is in every reading of its conversation. */
export const durability: Check = function* (index) {
  const held = new Map(index.readings.map((reading) => [reading, new Set(reading.rows.map((row) => row.messageId))]))
  for (const send of index.sends) {
    if (send.outcome !== 'ok') continue
    const readings = index.readingsOf.get(send.conversation) ?? []
    const missing = readings.filter((reading) => !held.get(reading)!.has(send.messageId)).map((reading) => reading.source)
    if (readings.length > 0 && missing.length === 0) continue
    yield {
      property: 'P1 durability',
      kind: 'acknowledged message is missing',
      conversation: send.conversation,
      messageId: send.messageId,
      proc: send.proc,
      detail: readings.length === 0 ? 'nobody read the conversation' : `not in ${missing.join(', ')}`,
    }
  }
}
