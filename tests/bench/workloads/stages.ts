import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startBench, usageDetails, type Workload } from '../bench.ts'
import { secondsByStage } from '../profile.ts'
import { Traffic } from '../traffic.ts'
import { BYTES, startPairs, WARM_UP_MS } from './pairs.ts'

/** The pairs workload once more with a profiler in every thread: shares of the CPU by stage. The profiler costs some itself. */
export const stages: Workload = async (options) => {
  const directory = await mkdtemp(join(tmpdir(), 'chat4all-profile-'))
  try {
    await using bench = await startBench(options, ['--cpu-prof', '--cpu-prof-interval=500', `--cpu-prof-dir=${directory}`])
    const traffic = new Traffic(1, BYTES)
    const stop = await startPairs(bench, traffic)
    await sleep(WARM_UP_MS)
    const before = traffic.arrived
    const finish = bench.measure()
    await sleep(options.seconds * 1000)
    const usage = finish()
    const messages = traffic.arrived - before
    stop()
    await traffic.drain()
    await bench.server.terminate()
    const seconds = secondsByStage(directory)
    const total = [...seconds.values()].reduce((sum, s) => sum + s, 0)
    const perMessage = (usage.serverSeconds / messages) * 1e6
    const workload = 'CPU by stage (pairs)'
    const figures = [...seconds].map(([name, s]) => ({ workload, name, value: (s / total) * 100, unit: '%' }))
    return { figures, details: { ...usageDetails(usage), messages, perMessage, seconds: Object.fromEntries(seconds) } }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
