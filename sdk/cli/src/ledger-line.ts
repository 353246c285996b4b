import { DeliveryState, type StatusEntry, timestampDate } from '@chat4all/sdk'
import { clock } from './message-line.ts'
import type { Output } from './output.ts'

export const LEDGER_TITLES = ['USER', 'CHANNEL', 'STATE', 'TIME', 'CAUSE']

const MARKS: Partial<Record<DeliveryState, string>> = {
  [DeliveryState.SENT]: '✓ ',
  [DeliveryState.DELIVERED]: '✓✓',
  [DeliveryState.READ]: '✓✓',
  [DeliveryState.FAILED]: '✗ ',
}

export function ledgerRow({ userId, channel, state, time, cause }: StatusEntry): readonly string[] {
  return [userId, channel, `${MARKS[state] ?? '  '} ${DeliveryState[state]}`, time ? clock(timestampDate(time)) : '-', cause]
}

/** One line of a ledger as it happens. */
export function ledgerLine(output: Output, entry: StatusEntry): string {
  const { userId, channel, state, time, cause } = entry
  const text = `${MARKS[state] ?? '  '} ${DeliveryState[state].padEnd(9)}`
  const color = state === DeliveryState.READ ? 'cyan' : state === DeliveryState.FAILED ? 'red' : 'dim'
  const where = channel === 'app' ? userId : `${userId} on ${channel}`
  const why = state === DeliveryState.FAILED ? `: ${cause}` : ''
  return `  ${output.paint(color, text)} ${where}${why}  ${output.paint('dim', time ? clock(timestampDate(time)) : '')}`
}
