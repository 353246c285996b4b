import type { Reading } from '../history.ts'
import type { Check, Violation } from '../violation.ts'

/** P3: every reading counts 1, 2, 3, … without gaps, and everybody who saw a sequence saw the same message under it. */
export const agreement: Check = function* (index) {
  for (const [conversation, readings] of index.readingsOf) {
    const messageAt = new Map<bigint, string>()
    for (const reading of readings) {
      yield* gaps(reading)
      yield* lengths(reading, readings[0]!)
      for (const row of reading.rows) yield* remember(messageAt, conversation, row, reading.source)
    }
  }
  for (const [conversation, records] of Map.groupBy(index.received, (record) => record.conversation)) {
    const rows = index.readingsOf.get(conversation)?.[0]?.rows ?? []
    const messageAt = new Map(rows.map((row) => [row.sequence, row.messageId]))
    for (const record of records) yield* remember(messageAt, conversation, record, `the stream of ${record.proc}`)
  }
}

function* gaps(reading: Reading): Generator<Violation> {
  let expected = 1n
  for (const row of reading.rows) {
    if (row.sequence !== expected) {
      const kind = row.sequence > expected ? 'gap in the sequence' : 'sequence is not rising'
      yield at(reading, kind, row.sequence, `${reading.source} has ${row.sequence} where ${expected} is due`)
    }
    expected = row.sequence + 1n
  }
}

function* lengths(reading: Reading, reference: Reading): Generator<Violation> {
  if (reading.rows.length === reference.rows.length) return
  const detail = `${reading.source} has ${reading.rows.length} messages, ${reference.source} has ${reference.rows.length}`
  yield at(reading, 'readings differ in length', BigInt(reading.rows.length), detail)
}

type Place = { readonly sequence: bigint; readonly messageId: string }

function* remember(messageAt: Map<bigint, string>, conversation: string, place: Place, where: string): Generator<Violation> {
  const known = messageAt.get(place.sequence)
  if (known === undefined) messageAt.set(place.sequence, place.messageId)
  else if (known !== place.messageId) {
    const detail = `${where} has it there, others have ${known}`
    yield { ...at({ conversation }, 'sequence means different messages', place.sequence, detail), messageId: place.messageId }
  }
}

function at(where: { readonly conversation: string }, kind: string, sequence: bigint, detail: string): Violation {
  return { property: 'P3 agreement', kind, conversation: where.conversation, sequence, detail }
}
