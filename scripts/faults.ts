/** Runs the fault cases on the mesh, and writes what came of them to docs/faults.md: `make faults`. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FaultRow } from '../tests/faults/mesh/support/table.ts'
import { root } from './lib/run.ts'

const HELP = `usage: make faults, or scripts/node scripts/faults.ts [pattern of a test file …]

Runs the fault cases on a mesh of real servers (about 20 minutes), each under 20 senders and 20 live receivers, and writes
their table into docs/faults.md. With a pattern only some run, and the other rows stay as they are.

  scripts/node scripts/faults.ts nats`

const ROWS = join(root, '.out/faults')
const PAGE = join(root, 'docs/faults.md')
const MARKS = /(<!-- rows -->\n)[\s\S]*(<!-- end of rows -->)/

const patterns = process.argv.slice(2)
if (patterns.some((argument) => ['--help', '-h'].includes(argument))) console.log(HELP)
else process.exitCode = run()

function run(): number {
  if (patterns.length === 0) rmSync(ROWS, { recursive: true, force: true })
  const files = patterns.map((pattern) => `tests/faults/mesh/${pattern}`)
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'mesh-faults', ...files]
  const { status } = spawnSync(process.execPath, vitest, { cwd: root, stdio: 'inherit' })
  const rows = readdirSync(ROWS)
    .sort()
    .map((file) => JSON.parse(readFileSync(join(ROWS, file), 'utf8')) as FaultRow)
  writeFileSync(
    PAGE,
    readFileSync(PAGE, 'utf8').replace(MARKS, (_, start, end) => `${start}${table(rows)}${end}`),
  )
  return status ?? 1
}

function table(rows: readonly FaultRow[]): string {
  const seconds = (ms: number) => (ms / 1000).toFixed(1)
  const lines = rows.map(({ number, title, acked, stored, lost, doubled, reordered, otherwise, ...longest }) =>
    [
      ...[number, title, acked, stored, lost, doubled, reordered, otherwise],
      ...[seconds(longest.longestToAnswerMs), seconds(longest.longestToReceiverMs)],
    ].join(' | '),
  )
  return `${lines.map((line) => `| ${line} |`).join('\n')}\n`
}
