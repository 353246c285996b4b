import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { check, type Evidence, type Property, waitsOf } from '@chat4all/testkit'

/** What became of the messages of one case. */
export interface FaultRow {
  readonly number: number
  readonly title: string
  /** Messages that were acknowledged, and rows that the store holds; more were stored where the answer got lost. */
  readonly acked: number
  readonly stored: number
  readonly lost: number
  readonly doubled: number
  readonly reordered: number
  /** Of anything else that was promised. */
  readonly otherwise: number
  /** The longest that a message took to its acknowledgement, repeats included. */
  readonly longestToAnswerMs: number
  /** The longest that a message took to its last receiver. */
  readonly longestToReceiverMs: number
}

const FOLDER = join(import.meta.dirname, '../../../../.out/faults')
const ORDER: readonly Property[] = ['P3 agreement', 'P5 live streams', 'P6 session order', 'P7 real-time order']

/** Keeps the row for `make faults`, and prints it. */
export function recordRow(number: number, title: string, evidence: Evidence): void {
  const row = toRow(number, title, evidence)
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, `${String(number).padStart(2, '0')}-${slug(title)}.json`), `${JSON.stringify(row, null, 2)}\n`)
  console.log(
    Object.entries(row)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  )
  for (const violation of check(evidence).slice(0, 5)) console.log(violation)
}

function toRow(number: number, title: string, evidence: Evidence): FaultRow {
  const violations = check(evidence)
  const { acknowledged, delivered } = waitsOf(evidence.history)
  const count = (...properties: readonly Property[]) => violations.filter(({ property }) => properties.includes(property)).length
  const [lost, doubled, reordered] = [count('P1 durability'), count('P4 dedupe'), count(...ORDER)]
  return {
    number,
    title,
    acked: acknowledged.length,
    stored: evidence.readings.filter(({ source }) => source === 'CQL').reduce((sum, { rows }) => sum + rows.length, 0),
    lost,
    doubled,
    reordered,
    otherwise: violations.length - lost - doubled - reordered,
    longestToAnswerMs: Math.round(Math.max(...acknowledged)),
    longestToReceiverMs: Math.round(Math.max(...delivered)),
  }
}

function slug(title: string): string {
  return title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
}
