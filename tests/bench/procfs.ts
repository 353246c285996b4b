import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts CPU time in hundredths of a second on every platform that Node supports. */
const TICKS_PER_SECOND = 100

/** CPU time in seconds. */
export interface ThreadTime {
  readonly name: string
  readonly seconds: number
}

/** Seconds of CPU that a process has used, all threads. */
export function processSeconds(pid: number): number {
  return statSeconds(`/proc/${pid}/stat`)
}

/** The same by thread id. */
export function threadSeconds(pid: number): Map<string, ThreadTime> {
  const tasks = `/proc/${pid}/task`
  return new Map(
    readdirSync(tasks).map((tid) => {
      const name = readFileSync(`${tasks}/${tid}/comm`, 'utf8').trim()
      return [tid, { name, seconds: statSeconds(`${tasks}/${tid}/stat`) }] as const
    }),
  )
}

/** Busy seconds of one CPU since boot, whoever used it. */
export function cpuBusySeconds(cpu: number): number {
  const line = readFileSync('/proc/stat', 'utf8')
    .split('\n')
    .find((l) => l.startsWith(`cpu${cpu} `))
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (line ?? '').split(/\s+/).slice(1).map(Number)
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND
}

/** Memory of a process with shared pages divided among those who share them (PSS), in KiB. */
export function memoryKiB(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))![1])
}

/** Fields 14 and 15: user and system time. The name in parentheses may hold spaces. */
function statSeconds(file: string): number {
  const stat = readFileSync(file, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}
