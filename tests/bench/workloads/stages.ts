import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, type BenchOptions, type Result, startBench, usageDetails, type Workload } from '../bench.ts'
import { secondsByStage } from '../profile.ts'
import { Traffic } from '../traffic.ts'
import { offer, PER_SECOND } from './open.ts'
import { BYTES, connectPairs, startPairs, WARM_UP_MS } from './pairs.ts'

/** Puts a server under load until the function returned is called. */
type Drive = (bench: Bench, traffic: Traffic) => Promise<() => void>

/** The workloads `pairs` and `open` once more with a profiler: the CPU of a message by stage. The profiler costs some itself.
 *
 *  The server may use both CPUs: on one, a thread that wakes another one would be charged for what that one then does. */
export const stages: Workload = async (pinned) => {
  const options = { ...pinned, serverCpus: pinned.serverCpus && [0, 1] }
  const full = await profiled('CPU by stage, pairs', startPairs, options)
  const half = await profiled(`CPU by stage, open ${PER_SECOND}/s`, startOpen, options)
  return { figures: [...full.figures, ...half.figures], details: { pairs: full.details, open: half.details } }
}

async function startOpen(bench: Bench, traffic: Traffic): Promise<() => void> {
  const sends = await connectPairs(bench, traffic, () => {})
  const offering = offer(sends, PER_SECOND, WARM_UP_MS + bench.options.seconds * 1000)
  return () => void offering
}

async function profiled(workload: string, drive: Drive, options: BenchOptions): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), 'chat4all-profile-'))
  try {
    await using bench = await startBench(options, ['--cpu-prof', '--cpu-prof-interval=500', `--cpu-prof-dir=${directory}`])
    const traffic = new Traffic(1, BYTES)
    const stop = await drive(bench, traffic)
    await sleep(WARM_UP_MS)
    const before = traffic.arrived
    const from = monotonicMicros()
    const finish = bench.measure()
    await sleep(options.seconds * 1000)
    const usage = finish()
    const window = { from, to: monotonicMicros() }
    const messages = traffic.arrived - before
    stop()
    await traffic.drain()
    await bench.server.terminate()
    const figures = [...secondsByStage(directory, usage.threads, window)].map(([name, seconds]) => {
      return { workload, name, value: (seconds / messages) * 1e6, unit: 'µs per message' }
    })
    return { figures, details: { ...usageDetails(usage), messages } }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function monotonicMicros(): number {
  return Number(process.hrtime.bigint() / 1000n)
}
