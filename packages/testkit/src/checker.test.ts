import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { check } from './checker.ts'
import type { Evidence, HistoryRecord, Reading, ReceivedRecord, StoredRow } from './history.ts'
import { modelEvidence, seededRandom } from './model.ts'
import type { Property } from './violation.ts'

/** Breaks one thing in correct evidence. Undefined when the evidence offers no place for it. */
type Fault = (evidence: Evidence, random: (n: number) => number) => Evidence | undefined

const FAULTS: Readonly<Record<string, { readonly breaks: Property; readonly plant: Fault }>> = {
  'an acknowledged message lost from the middle': { breaks: 'P1 durability', plant: lose },
  'an acknowledged message lost from the end': { breaks: 'P1 durability', plant: loseLast },
  'a gap in the sequence': { breaks: 'P3 agreement', plant: lose },
  'a message stored twice': {
    breaks: 'P4 dedupe',
    plant: editRows((rows, row) => [...rows, { ...row, sequence: BigInt(rows.length + 1) }]),
  },
  'a message that nobody sent': {
    breaks: 'P2 no phantom',
    plant: editRows((rows, row) => [...rows, { ...row, messageId: 'nobody', sequence: BigInt(rows.length + 1) }]),
  },
  'a stored content that changed': {
    breaks: 'P2 no phantom',
    plant: editRows((rows, row) => rows.map((r) => (r === row ? { ...r, bodyHash: 'changed' } : r))),
  },
  'a delivered content that changed': { breaks: 'P2 no phantom', plant: editReceived((r) => ({ ...r, bodyHash: 'changed' })) },
  'two sources that order differently': { breaks: 'P3 agreement', plant: swapInOneReading },
  'two sources with different lengths': { breaks: 'P3 agreement', plant: truncateOneReading },
  'messages of one sender in the wrong order': { breaks: 'P6 session order', plant: swapOfOneSender },
  'a message before one acknowledged earlier': { breaks: 'P7 real-time order', plant: swapDistant },
  'a message skipped by a live stream': { breaks: 'P5 live streams', plant: skipReceived },
  'the last message missing from a live stream': { breaks: 'P5 live streams', plant: cutStream },
  'a message twice on one live stream': { breaks: 'P5 live streams', plant: editHistory((r) => (r.op === 'recv' ? [r, r] : undefined)) },
  'a live stream out of order': { breaks: 'P5 live streams', plant: swapReceived },
  'a live stream that shows another message under a number': {
    breaks: 'P3 agreement',
    plant: editReceived((r, other) => (other === undefined ? undefined : { ...r, messageId: other.messageId, bodyHash: other.bodyHash })),
  },
  'a message delivered but not stored': { breaks: 'P9 whole or absent', plant: unstoreReceived },
  'a message shown to another tenant': {
    breaks: 'P10 tenants',
    plant: editReceived((r) => ({ ...r, proc: 'spy', tenant: r.tenant === 'acme' ? 'bolt' : 'acme' })),
  },
  'a message stored in another tenant': {
    breaks: 'P10 tenants',
    plant: (evidence) => ({
      ...evidence,
      readings: evidence.readings.map((r) => ({ ...r, tenant: r.tenant === 'acme' ? 'bolt' : 'acme' })),
    }),
  },
  'a status that falls': {
    breaks: 'P8 status only rises',
    plant: editHistory((r) =>
      r.op === 'status' && r.deliveredThrough > 0n ? [r, { ...r, deliveredThrough: r.deliveredThrough - 1n, readThrough: 0n }] : undefined,
    ),
  },
  'a status beyond what is stored': {
    breaks: 'P8 status only rises',
    plant: editHistory((r) => (r.op === 'status' ? [{ ...r, deliveredThrough: 1000n }] : undefined)),
  },
  'read but not delivered': {
    breaks: 'P8 status only rises',
    plant: editHistory((r) => (r.op === 'status' ? [{ ...r, readThrough: r.deliveredThrough + 1n }] : undefined)),
  },
  'an acknowledged status that is gone': {
    breaks: 'P8 status only rises',
    plant: (evidence) =>
      evidence.history.some((r) => r.op === 'ack' && r.deliveredThrough > 0n)
        ? { ...evidence, readings: evidence.readings.map((r) => ({ ...r, receipts: new Map() })) }
        : undefined,
  },
  'a refused message that is there': { breaks: 'P2 no phantom', plant: storeRefused },
}

describe('the checker', () => {
  it('finds nothing in what a correct system leaves behind', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 20, max: 600 }), (seed, steps) => {
        expect(check(modelEvidence(seed, steps))).toEqual([])
      }),
      { numRuns: 100 },
    )
  })

  it.each(Object.entries(FAULTS))('finds %s', (_name, { breaks, plant }) => {
    let planted = 0
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const broken = plant(modelEvidence(seed, 300), seededRandom(~seed))
        fc.pre(broken !== undefined)
        planted++
        expect(check(broken).map((v) => v.property)).toContain(breaks)
      }),
      { numRuns: 30, maxSkipsPerRun: 20 },
    )
    expect(planted).toBeGreaterThan(0)
  })

  it('checks tens of thousands of records within two seconds', () => {
    const evidence = modelEvidence(1, 20_000)
    const started = performance.now()
    check(evidence)
    expect(evidence.history.length).toBeGreaterThan(10_000)
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})

function acknowledged(evidence: Evidence): ReadonlySet<string> {
  return new Set(evidence.history.filter((r) => r.op === 'send' && r.outcome === 'ok').map((r) => (r as { messageId: string }).messageId))
}

/** Changes the rows of one conversation in every reading alike. */
function editRows(edit: (rows: readonly StoredRow[], row: StoredRow) => readonly StoredRow[] | undefined): Fault {
  return (evidence, random) => {
    const filled = evidence.readings.filter((r) => r.rows.length > 0)
    if (filled.length === 0) return undefined
    const target = filled[random(filled.length)]!
    const at = random(target.rows.length)
    const readings = evidence.readings.map((r) =>
      r.conversation === target.conversation ? { ...r, rows: edit(r.rows, r.rows[at]!) ?? r.rows } : r,
    )
    return { ...evidence, readings }
  }
}

function editOneReading(edit: (reading: Reading, random: (n: number) => number) => readonly StoredRow[]): Fault {
  return (evidence, random) => {
    const long = evidence.readings.filter((r) => r.rows.length > 1)
    if (long.length === 0) return undefined
    const target = long[random(long.length)]!
    return { ...evidence, readings: evidence.readings.map((r) => (r === target ? { ...r, rows: edit(r, random) } : r)) }
  }
}

/** Replaces one record of the history by others. */
function editHistory(edit: (record: HistoryRecord) => readonly HistoryRecord[] | undefined): Fault {
  return (evidence, random) => {
    const places = evidence.history.flatMap((r, i) => (edit(r) === undefined ? [] : [i]))
    if (places.length === 0) return undefined
    const at = places[random(places.length)]!
    return { ...evidence, history: evidence.history.flatMap((r, i) => (i === at ? edit(r)! : [r])) }
  }
}

/** Changes one received record; `other` is a record with another message of the same conversation. */
function editReceived(edit: (record: ReceivedRecord, other: ReceivedRecord | undefined) => ReceivedRecord | undefined): Fault {
  return (evidence, random) => {
    const received = evidence.history.filter((r) => r.op === 'recv')
    if (received.length === 0) return undefined
    const target = received[random(received.length)]!
    const changed = edit(
      target,
      received.find((r) => r.conversation === target.conversation && r.messageId !== target.messageId),
    )
    return changed && { ...evidence, history: evidence.history.map((r) => (r === target ? changed : r)) }
  }
}

function lose(evidence: Evidence, random: (n: number) => number): Evidence | undefined {
  const ok = acknowledged(evidence)
  const rows = evidence.readings.flatMap((r) => r.rows.slice(0, -1)).filter((row) => ok.has(row.messageId))
  if (rows.length === 0) return undefined
  const { messageId } = rows[random(rows.length)]!
  return { ...evidence, readings: evidence.readings.map((r) => ({ ...r, rows: r.rows.filter((row) => row.messageId !== messageId) })) }
}

/** Loses the tail without a trace anywhere but in the sender's acknowledgement. */
function loseLast(evidence: Evidence): Evidence | undefined {
  const ok = acknowledged(evidence)
  const last = evidence.readings.map((r) => r.rows.at(-1)).find((row) => row !== undefined && ok.has(row.messageId))
  if (last === undefined) return undefined
  const history = evidence.history.filter((r) => r.op !== 'recv' || r.messageId !== last.messageId)
  return {
    ...evidence,
    history,
    readings: evidence.readings.map((r) => ({ ...r, rows: r.rows.filter((row) => row.messageId !== last.messageId) })),
  }
}

function swapInOneReading(evidence: Evidence, random: (n: number) => number): Evidence | undefined {
  return editOneReading((reading, pick) => {
    const at = pick(reading.rows.length - 1)
    const swapped = exchange(reading.rows, at, at + 1)
    return swapped.map((row, i) => ({ ...row, sequence: BigInt(i + 1) }))
  })(evidence, random)
}

function truncateOneReading(evidence: Evidence, random: (n: number) => number): Evidence | undefined {
  return editOneReading((reading) => reading.rows.slice(0, -1))(evidence, random)
}

/** Two messages of one sender, sent one after the other over one stream, change places everywhere. */
function swapOfOneSender(evidence: Evidence, random: (n: number) => number): Evidence | undefined {
  const sends = evidence.history.filter((r) => r.op === 'send')
  const single = sends.filter((s) => sends.filter((o) => o.messageId === s.messageId).length === 1 && s.outcome === 'ok')
  const pairs = single.flatMap((a) =>
    single.filter((b) => b.proc === a.proc && b.session === a.session && b.callAt > a.callAt).map((b) => [a, b] as const),
  )
  if (pairs.length === 0) return undefined
  const [a, b] = pairs[random(pairs.length)]!
  return swapEverywhere(evidence, a.messageId, b.messageId)
}

function swapDistant(evidence: Evidence, random: (n: number) => number): Evidence | undefined {
  const sends = evidence.history.filter((r) => r.op === 'send' && r.outcome === 'ok')
  const once = sends.filter(
    (s) => evidence.history.filter((o) => o.op === 'send' && 'messageId' in s && o.messageId === s.messageId).length === 1,
  )
  const pairs = once.flatMap((a) =>
    once.flatMap((b) =>
      a.op === 'send' && b.op === 'send' && a.conversation === b.conversation && a.returnAt < b.callAt ? [[a, b] as const] : [],
    ),
  )
  if (pairs.length === 0) return undefined
  const [a, b] = pairs[random(pairs.length)]!
  return swapEverywhere(evidence, a.messageId, b.messageId)
}

function swapEverywhere(evidence: Evidence, a: string, b: string): Evidence {
  const other = (id: string) => (id === a ? b : id === b ? a : id)
  const swap = <T extends { readonly messageId: string; readonly bodyHash: string }>(x: T): T => {
    const messageId = other(x.messageId)
    return { ...x, messageId, bodyHash: `h-${messageId}` }
  }
  return {
    ...evidence,
    history: evidence.history.map((r) => (r.op === 'recv' ? swap(r) : r)),
    readings: evidence.readings.map((r) => ({ ...r, rows: r.rows.map(swap) })),
  }
}

/** Takes one message out of all streams of one receiver. */
function skipReceived(evidence: Evidence, random: (n: number) => number): Evidence | undefined {
  const received = evidence.history.filter((r) => r.op === 'recv')
  if (received.length === 0) return undefined
  const { proc, messageId } = received[random(received.length)]!
  return { ...evidence, history: evidence.history.filter((r) => r.op !== 'recv' || r.proc !== proc || r.messageId !== messageId) }
}

function cutStream(evidence: Evidence, random: (n: number) => number): Evidence | undefined {
  const received = evidence.history.filter((r) => r.op === 'recv')
  if (received.length === 0) return undefined
  const { proc } = received[random(received.length)]!
  const last = received.filter((r) => r.proc === proc).reduce((a, b) => (b.sequence > a.sequence ? b : a))
  return { ...evidence, history: evidence.history.filter((r) => r.op !== 'recv' || r.proc !== proc || r.messageId !== last.messageId) }
}

function swapReceived(evidence: Evidence, random: (n: number) => number): Evidence | undefined {
  const history = [...evidence.history]
  const neighbours = history.flatMap((r, i) => {
    const next = history.findIndex((o, j) => j > i && o.op === 'recv' && r.op === 'recv' && o.proc === r.proc)
    const after = history[next]
    return r.op === 'recv' && after?.op === 'recv' && after.session === r.session ? [[i, next] as const] : []
  })
  if (neighbours.length === 0) return undefined
  const [i, j] = neighbours[random(neighbours.length)]!
  return { ...evidence, history: exchange(history, i, j) }
}

/** A message of unknown outcome was pushed to somebody, and no store has it. */
function unstoreReceived(evidence: Evidence): Evidence | undefined {
  const ok = acknowledged(evidence)
  const row = evidence.readings
    .map((r) => r.rows.at(-1))
    .find((r) => r !== undefined && evidence.history.some((h) => h.op === 'recv' && h.messageId === r.messageId))
  if (row === undefined) return undefined
  const history = evidence.history.map((r) =>
    r.op === 'send' && ok.has(r.messageId) && r.messageId === row.messageId ? { ...r, outcome: 'unknown' as const } : r,
  )
  return {
    ...evidence,
    history,
    readings: evidence.readings.map((r) => ({ ...r, rows: r.rows.filter((x) => x.messageId !== row.messageId) })),
  }
}

function storeRefused(evidence: Evidence): Evidence | undefined {
  const refused = evidence.history.find((r) => r.op === 'send' && r.outcome === 'fail')
  if (refused?.op !== 'send') return undefined
  const { messageId, bodyHash, tenant, conversation } = refused
  const append = (rows: readonly StoredRow[]) => [...rows, { sequence: BigInt(rows.length + 1), messageId, bodyHash, tenant, conversation }]
  return { ...evidence, readings: evidence.readings.map((r) => (r.conversation === conversation ? { ...r, rows: append(r.rows) } : r)) }
}

function exchange<T>(items: readonly T[], i: number, j: number): T[] {
  const copy = [...items]
  ;[copy[i], copy[j]] = [items[j]!, items[i]!]
  return copy
}
