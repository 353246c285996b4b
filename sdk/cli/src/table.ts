import { cut, oneLine, pad, width } from './terminal-text.ts'

const GAP = '  '

/** Aligned columns under their titles. The last one is cut at the edge of the screen. */
export function formatTable(titles: readonly string[], rows: readonly (readonly string[])[], columns = Number.POSITIVE_INFINITY): string[] {
  const cells = [titles, ...rows.map((row) => row.map(oneLine))]
  const widths = titles.map((_, index) => Math.max(...cells.map((row) => width(row[index] ?? ''))))
  const taken = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0)
  return cells.map((row) => {
    const last = cut(row.at(-1) ?? '', Math.max(columns - taken, 8))
    const aligned = row.slice(0, -1).map((cell, index) => pad(cell, widths[index]!))
    return [...aligned, last].join(GAP).trimEnd()
  })
}
