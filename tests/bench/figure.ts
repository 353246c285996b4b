/** One measured value, with the bar it is held against if there is one. */
export interface Figure {
  readonly workload: string
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly bar?: { readonly is: '<=' | '>=' | '='; readonly value: number }
}

export type Verdict = 'ok' | 'MISSED' | ''

export function verdict({ value, bar }: Figure): Verdict {
  if (bar === undefined) return ''
  const met = bar.is === '=' ? value === bar.value : bar.is === '<=' ? value <= bar.value : value >= bar.value
  return met ? 'ok' : 'MISSED'
}

/** The figures as one table. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map((f) => [
    f.workload,
    f.name,
    `${round(f.value)} ${f.unit}`.trim(),
    f.bar ? `${f.bar.is} ${f.bar.value}` : '',
    verdict(f),
  ])
  const all = [['workload', 'figure', 'measured', 'bar', 'verdict'], ...rows]
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) => row.map((cell, i) => (i === 2 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join('  ')
  return [line(all[0]!), widths.map((w) => '-'.repeat(w)).join('  '), ...all.slice(1).map(line)].map((l) => l.trimEnd()).join('\n')
}

/** Three digits that say something. */
export function round(value: number): number {
  if (!Number.isFinite(value) || Math.abs(value) >= 100) return Math.round(value)
  return Number(value.toPrecision(3))
}
