import { setTimeout as sleep } from 'node:timers/promises'
import { startBench, type Workload } from '../bench.ts'
import { memoryKiB, processSeconds } from '../procfs.ts'

/** Users with a live stream each on which nothing happens. */
export const idle: Workload = async (options) => {
  await using bench = await startBench(options)
  const { server } = bench
  // What the first streams load stays and belongs to no stream.
  await bench.connect(['warm-0', 'warm-1', 'warm-2'])
  const users = Array.from({ length: options.streams }, (_, i) => `idle-${i}`)
  await bench.api.createUsers(users)
  await sleep(2000)
  const memoryBefore = memoryKiB(server.pid)
  const cpuBefore = processSeconds(server.pid)
  await bench.connect(users)
  const connectSeconds = processSeconds(server.pid) - cpuBefore
  // Garbage of connecting goes with the next collections.
  await sleep(5000)
  const idleFrom = processSeconds(server.pid)
  await sleep(options.seconds * 1000)
  const idleSeconds = processSeconds(server.pid) - idleFrom
  const memoryAfter = memoryKiB(server.pid)
  const workload = `idle, ${options.streams} streams`
  return {
    figures: [
      {
        workload,
        name: 'memory per stream',
        value: (memoryAfter - memoryBefore) / options.streams,
        unit: 'KiB',
        bar: { is: '<=', value: 40 },
      },
      { workload, name: 'CPU while idle', value: (idleSeconds / options.seconds) * 100, unit: '% of a core' },
      { workload, name: 'connects per server CPU-second', value: options.streams / connectSeconds, unit: '/s' },
    ],
    details: { memoryBeforeKiB: memoryBefore, memoryAfterKiB: memoryAfter },
  }
}
