import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Mesh, type System, TestServer } from '../../packages/testkit/src/index.ts'
import { cpuBusySeconds, processSeconds } from '../../tests/bench/procfs.ts'

/** What a process has used since it started. */
interface Usage {
  readonly cpuSeconds: number
  /** Bytes that it had the system write to disks. */
  readonly diskBytes: number
}

export type Usages = ReadonlyMap<string, Usage>

export const LOAD = 'the load (clients)'
export const OTHERS = 'other programs'

/** By process of the system, the load, which is this process, and everything else on the machine. Empty where the machine does not tell. */
export function usages(system: System): Usages {
  try {
    const mine = [...processes(system), [LOAD, process.pid] as const].map(([name, pid]) => [name, treeUsage(pid)] as const)
    const busy = Array.from({ length: availableParallelism() }, (_, cpu) => cpuBusySeconds(cpu)).reduce((sum, seconds) => sum + seconds, 0)
    const others = busy - mine.reduce((sum, [, { cpuSeconds }]) => sum + cpuSeconds, 0)
    return new Map([...mine, [OTHERS, { cpuSeconds: others, diskBytes: 0 }]])
  } catch {
    return new Map()
  }
}

/** What was used between two looks, most CPU first. */
export function usedBetween(before: Usages, after: Usages): Usages {
  const differences = [...after].map(([name, { cpuSeconds, diskBytes }]) => {
    const start = before.get(name) ?? { cpuSeconds: 0, diskBytes: 0 }
    return [name, { cpuSeconds: cpuSeconds - start.cpuSeconds, diskBytes: diskBytes - start.diskBytes }] as const
  })
  return new Map(differences.sort((a, b) => b[1].cpuSeconds - a[1].cpuSeconds))
}

function processes(system: System): (readonly [string, number])[] {
  if (system instanceof Mesh) return system.members.map(({ name, process }) => [name, process!.pid])
  return system instanceof TestServer ? [['the server', system.pid]] : []
}

/** With children, which PostgreSQL has one of per connection; of the load, those are the processes above. */
function treeUsage(pid: number): Usage {
  const own = { cpuSeconds: processSeconds(pid), diskBytes: diskBytes(pid) }
  if (pid === process.pid) return own
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean)
  return children
    .map((child) => treeUsage(Number(child)))
    .reduce((a, b) => ({ cpuSeconds: a.cpuSeconds + b.cpuSeconds, diskBytes: a.diskBytes + b.diskBytes }), own)
}

function diskBytes(pid: number): number {
  return Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1] ?? 0)
}
