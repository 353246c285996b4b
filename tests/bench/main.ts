// scripts/node tests/bench/main.ts [--only pairs,open] [--seconds N]: measures the server, prints one table, writes .out/bench.json.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { BenchOptions, Result, Workload } from './bench.ts'
import { table, verdict } from './figure.ts'
import { history } from './workloads/history.ts'
import { idle } from './workloads/idle.ts'
import { open } from './workloads/open.ts'
import { overload } from './workloads/overload.ts'
import { pairs } from './workloads/pairs.ts'
import { room } from './workloads/room.ts'
import { stages } from './workloads/stages.ts'

const WORKLOADS: Readonly<Record<string, Workload>> = { pairs, open, room, idle, overload, history, stages }

const HELP = `Measures the server on this machine: starts it afresh for every workload, on a CPU of its own where taskset is there.

  --only NAMES     some of ${Object.keys(WORKLOADS).join(', ')} (default: all)
  --seconds N      length of each measured window (default 8)
  --streams N      idle streams (default 5000)
  --messages N     messages stored for history and start (default 1000000)
  --help

A figure in CPU seconds says more than a time or a rate: other work on the machine moves it least.`

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(WORKLOADS).join() },
    seconds: { type: 'string', default: '8' },
    streams: { type: 'string', default: '5000' },
    messages: { type: 'string', default: '1000000' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(HELP)
else process.exitCode = await main(values.only.split(','))

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => WORKLOADS[name] === undefined)
  if (unknown.length > 0) throw new Error(`no such workload: ${unknown.join(', ')}`)
  const log = (line: string) => console.error(line)
  const options: BenchOptions = {
    seconds: Number(values.seconds),
    streams: Number(values.streams),
    messages: Number(values.messages),
    serverCpus: pinLoad() ? [0] : undefined,
    log,
  }
  log(`server ${options.serverCpus === undefined ? 'and load share all CPUs' : 'on CPU 0, load on CPU 1'}; ${names.length} workloads`)
  const results: Record<string, Result> = {}
  for (const name of names) {
    log(`${name} …`)
    results[name] = await WORKLOADS[name]!(options)
    const others = results[name].details.othersShare
    if (typeof others === 'number' && others > 0.1) log(`${name}: other programs used ${Math.round(others * 100)} % of the server's CPU`)
  }
  return report(options, results)
}

/** Keeps this process off the server's CPU. */
function pinLoad(): boolean {
  if (cpus().length < 2) return false
  return spawnSync('taskset', ['-a', '-p', '-c', '1', String(process.pid)], { stdio: 'ignore' }).status === 0
}

function report(options: BenchOptions, results: Readonly<Record<string, Result>>): number {
  const figures = Object.values(results).flatMap((r) => r.figures)
  console.log(`\n${table(figures)}`)
  const machine = { cpu: cpus()[0]?.model, cpus: cpus().length, kernel: release(), node: process.version }
  const out = join(import.meta.dirname, '../../.out')
  mkdirSync(out, { recursive: true })
  const rows = figures.map((f) => ({ ...f, verdict: verdict(f) }))
  writeFileSync(
    join(out, 'bench.json'),
    JSON.stringify({ at: new Date().toISOString(), machine, options, figures: rows, results }, null, 1),
  )
  console.log('\nwritten: .out/bench.json')
  // A missed bar may be the machine's fault; a lost message never is.
  return figures.some((f) => f.bar?.is === '=' && verdict(f) === 'MISSED') ? 1 : 0
}
