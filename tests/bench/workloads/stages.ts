import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startBench, usageDetails, type Workload } from '../bench.ts'
import { secondsByStage } from '../profile.ts'
import { Traffic } from '../traffic.ts'
import { BYTES, startPairs, WARM_UP_MS } from './pairs.ts'

/** The pairs workload once more with a profiler: the CPU of a message by stage. The profiler costs some itself. */
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
    const workload = 'CPU by stage (pairs)'
    const figures = [...secondsByStage(directory, usage.threads)].map(([name, seconds]) => {
      return { workload, name, value: (seconds / messages) * 1e6, unit: 'µs per message' }
    })
    return { figures, details: { ...usageDetails(usage), messages } }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
