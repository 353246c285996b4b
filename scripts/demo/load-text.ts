import { availableParallelism, cpus } from 'node:os'
import { styleText } from 'node:util'
import type { Violation } from '../../packages/testkit/src/index.ts'
import type { Hops } from './load-hops.ts'
import type { Percentiles } from './load-latency.ts'
import type { Held, Standing } from './load-run.ts'
import { LOAD, OTHERS, type Usages } from './load-usage.ts'

const BAR = 30
const bold = (text: string) => styleText('bold', text)

export function whole(number: number): string {
  return Math.round(number).toLocaleString('en-US')
}

/** One line that is written over and over; where that cannot be, a line now and then. */
export class ProgressLine {
  readonly #out = process.stdout
  #what = ''
  #toldAt = 0

  show(what: string, part: number, text: string): void {
    if (this.#what !== '' && what !== this.#what) this.end()
    this.#what = what
    const filled = Math.round(BAR * Math.min(1, part))
    const line = `  ${what.padEnd(8)} ${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${`${Math.round(100 * Math.min(1, part))}`.padStart(3)} %  ${text}`
    if (this.#out.isTTY) this.#out.write(`\r\x1b[K${line.slice(0, this.#out.columns - 1)}`)
    else if (performance.now() - this.#toldAt > 5_000) {
      this.#toldAt = performance.now()
      this.#out.write(`${line}\n`)
    }
  }

  end(): void {
    if (this.#out.isTTY) this.#out.write('\n')
  }
}

export function standingText({ accepted, behind, seconds, perSecond }: Standing): string {
  return `${whole(accepted)} accepted, ${whole(accepted / seconds)} of ${Number.isFinite(perSecond) ? whole(perSecond) : 'any number'} a second, ${whole(Math.max(0, behind))} to be delivered`
}

export function rateText({ accepted, seconds, held, behind, perSecond }: Held): string {
  const rate = `${whole((accepted * 60) / seconds)} a minute`
  const aim = `${whole(perSecond * 60)} a minute`
  const result = held ? styleText('green', `held ${aim}`) : styleText('yellow', `did not hold ${aim}`)
  return `${bold('Rate')}  ${whole(accepted)} messages in ${seconds.toFixed(1)} s: ${rate} (${whole(accepted / seconds)} a second), ${whole(Math.max(0, behind))} still to be delivered at the end; ${result}`
}

export function latencyText(acknowledged: Percentiles, delivered: Percentiles): string {
  const row = (name: string, { count, p50, p90, p99, max }: Percentiles) =>
    `  ${name.padEnd(24)}${[p50, p90, p99, max].map((ms) => `${whole(ms)} ms`.padStart(10)).join('')}${whole(count).padStart(12)}`
  return [
    bold(
      `${'Latency from the call'.padEnd(26)}${['p50', 'p90', 'p99', 'max'].map((name) => name.padStart(10)).join('')}${'times'.padStart(12)}`,
    ),
    row('to the acknowledgement', acknowledged),
    row('to a live receiver', delivered),
  ].join('\n')
}

export function usageText(used: Usages, { accepted, seconds }: Standing): string {
  if (used.size === 0) return 'This machine does not tell what processes use.'
  const row = (name: string, cpuSeconds: number, diskBytes: number) =>
    `  ${name.padEnd(22)}${cpuSeconds.toFixed(1).padStart(8)} s${(cpuSeconds / seconds).toFixed(2).padStart(9)}${whole((cpuSeconds * 1e6) / accepted).padStart(12)}${whole(diskBytes / accepted).padStart(16)}`
  const ours = [...used].filter(([name]) => name !== OTHERS && name !== LOAD)
  const sum = (pick: (usage: { readonly cpuSeconds: number; readonly diskBytes: number }) => number) =>
    ours.reduce((total, [, usage]) => total + pick(usage), 0)
  return [
    bold(
      `${'CPU by process'.padEnd(24)}${'seconds'.padStart(10)}${'cores'.padStart(9)}${'µs/message'.padStart(12)}${'disk B/message'.padStart(16)}`,
    ),
    ...[...used].map(([name, { cpuSeconds, diskBytes }]) => row(name, cpuSeconds, diskBytes)),
    row(
      'all servers',
      sum((usage) => usage.cpuSeconds),
      sum((usage) => usage.diskBytes),
    ),
    styleText('dim', `  ${availableParallelism()} cores: ${cpus()[0]?.model ?? 'unknown'}`),
  ].join('\n')
}

/** Leaves out what is less than one in a hundred messages. */
export function hopsText(hops: Hops, { accepted }: Standing): string {
  const rows = [...hops].filter(([, count]) => count / accepted >= 0.01)
  const lines = rows.map(([name, count]) => `  ${name.padEnd(42)}${(count / accepted).toFixed(2).padStart(10)}`)
  return [bold(`${'Hops'.padEnd(44)}${'a message'.padStart(10)}`), ...lines].join('\n')
}

export function verdictText(violations: readonly Violation[], stored: number, delivered: number): string {
  const seen = `${whole(stored)} messages in the store, ${whole(delivered)} delivered live`
  if (violations.length === 0)
    return `${bold('Checker')}  ${styleText('green', 'clean')}: ${seen}; none lost, doubled, reordered or made up`
  const first = violations.slice(0, 5).map(({ property, kind, detail }) => `  ${property}: ${kind}: ${detail}`)
  return [`${bold('Checker')}  ${styleText('red', `${violations.length} violations`)}: ${seen}`, ...first].join('\n')
}
