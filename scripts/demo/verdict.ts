import { styleText } from 'node:util'
import type { Evidence, Property, Violation } from '../../packages/testkit/src/index.ts'
import { check } from '../../packages/testkit/src/index.ts'

const PROMISES: Readonly<Record<Property, string>> = {
  'P1 durability': 'every acknowledged message is stored',
  'P2 no phantom': 'nothing is stored or shown that was not sent',
  'P3 agreement': 'the store and all readers have one order without gaps',
  'P4 dedupe': 'no message is stored twice, however often it was sent',
  'P5 live streams': 'every live stream brought every message in order',
  'P6 session order': 'messages of a sender stand in the order of sending',
  'P7 real-time order': 'what was sent after an acknowledgement stands behind it',
  'P8 status only rises': 'delivered and read marks never fell',
  'P9 whole or absent': 'what somebody received is stored',
  'P10 tenants': 'nobody saw anything of another tenant',
}
const SHOWN = 3

export interface Verdict {
  readonly clean: boolean
  /** One line per promise, and what broke it. */
  readonly text: string
}

/** Holds what was seen and what the stores hold against every promise. */
export function judge(evidence: Evidence): Verdict {
  const violations = check(evidence)
  const lines = Object.entries(PROMISES).flatMap(([property, promise]) => {
    const broken = violations.filter((violation) => violation.property === property)
    const found = broken.length === 0 ? styleText('green', 'kept') : styleText('red', `BROKEN ${broken.length} times`)
    return [`  ${property.padEnd(20)} ${promise.padEnd(56)} ${found}`, ...broken.slice(0, SHOWN).map(tell)]
  })
  return { clean: violations.length === 0, text: ['', 'The checker:', heard(evidence), ...lines].join('\n') }
}

function heard({ history, readings }: Evidence): string {
  const attempts = history.filter(({ op }) => op === 'send')
  const acknowledged = attempts.filter((record) => record.op === 'send' && record.outcome === 'ok').length
  const repeated = attempts.length - new Set(attempts.map((record) => record.op === 'send' && record.messageId)).size
  const stored = readings.filter(({ source }) => source === 'CQL').reduce((sum, { rows }) => sum + rows.length, 0)
  return `  ${acknowledged} messages acknowledged, ${repeated} of their sends repeated, ${stored} rows in the message store`
}

function tell({ kind, conversation, detail }: Violation): string {
  return `      ${kind} in ${conversation}: ${detail}`
}
