import type { Check, Violation } from '../violation.ts'

/** P4: however often a message was sent, it is one message with one sequence. */
export const dedupe: Check = function* (index) {
  for (const [source, readings] of Map.groupBy(index.readings, (reading) => reading.source)) {
    const first = new Map<string, { readonly conversation: string; readonly sequence: bigint }>()
    for (const reading of readings) {
      for (const row of reading.rows) {
        const known = first.get(row.messageId)
        if (known === undefined) first.set(row.messageId, { conversation: reading.conversation, sequence: row.sequence })
        else yield twice(reading.conversation, row, `${source} has it also at ${known.conversation} ${known.sequence}`)
      }
    }
  }
  const heard = new Map<string, bigint>()
  for (const record of index.received) {
    const known = heard.get(record.messageId)
    if (known === undefined) heard.set(record.messageId, record.sequence)
    else if (known !== record.sequence) yield twice(record.conversation, record, `${record.proc} got it, others at sequence ${known}`)
  }
}

function twice(conversation: string, row: { readonly messageId: string; readonly sequence: bigint }, detail: string): Violation {
  return {
    property: 'P4 dedupe',
    kind: 'message has two places',
    conversation,
    messageId: row.messageId,
    sequence: row.sequence,
    detail,
  }
}
