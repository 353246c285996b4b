import { cpuBusySeconds, processSeconds, type ThreadTime, threadSeconds } from './procfs.ts'

/** What a stretch of time cost. */
export interface Usage {
  readonly wallSeconds: number
  /** CPU of the server, all threads. */
  readonly serverSeconds: number
  /** The same by thread, the busiest first. */
  readonly threads: readonly ThreadTime[]
  /** CPU of this process. */
  readonly loadSeconds: number
  /** Share of the server's CPU that others took: above a few percent, times mean little. Undefined when nothing is pinned. */
  readonly othersShare: number | undefined
}

/** Starts measuring a server; the function returned stops. */
export function startMeter(pid: number, cpu: number | undefined): () => Usage {
  const started = performance.now()
  const server = processSeconds(pid)
  const threads = threadSeconds(pid)
  const load = process.cpuUsage()
  const busy = cpu === undefined ? 0 : cpuBusySeconds(cpu)
  return () => {
    const wallSeconds = (performance.now() - started) / 1000
    const serverSeconds = processSeconds(pid) - server
    const { user, system } = process.cpuUsage(load)
    return {
      wallSeconds,
      serverSeconds,
      threads: difference(threads, threadSeconds(pid)),
      loadSeconds: (user + system) / 1e6,
      othersShare: cpu === undefined ? undefined : Math.max(0, cpuBusySeconds(cpu) - busy - serverSeconds) / wallSeconds,
    }
  }
}

function difference(before: ReadonlyMap<string, ThreadTime>, after: ReadonlyMap<string, ThreadTime>): ThreadTime[] {
  return [...after]
    .map(([tid, { name, seconds }]) => ({ name, seconds: seconds - (before.get(tid)?.seconds ?? 0) }))
    .filter((t) => t.seconds > 0)
    .sort((a, b) => b.seconds - a.seconds)
}
