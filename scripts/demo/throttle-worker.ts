/** Stops and continues processes so that none uses more than its share of a core. A thread of its own: the load must not make it late. */
import { parentPort } from 'node:worker_threads'
import { processSeconds } from '../../tests/bench/procfs.ts'
import { Budget } from './budget.ts'
import type { Limits } from './throttle.ts'

/** The kernel tells CPU time in hundredths of a second: looking more often shows nothing new. */
const LOOK_MS = 4

interface Held {
  readonly budget: Budget
  stopped: boolean
}

const held = new Map<number, Held>()

parentPort!.on('message', ({ limits }: { readonly limits: Limits }) => {
  for (const pid of held.keys()) if (!limits.has(pid)) release(pid)
  for (const [pid, share] of limits) if (!held.has(pid)) hold(pid, share)
  parentPort!.postMessage('done')
})
setInterval(() => {
  for (const [pid, one] of held) attempt(pid, () => look(pid, one))
}, LOOK_MS)

function hold(pid: number, share: number): void {
  attempt(pid, () => held.set(pid, { budget: new Budget(share, { atMs: performance.now(), usedMs: usedMs(pid) }), stopped: false }))
}

function look(pid: number, one: Held): void {
  const stop = !one.budget.allows(performance.now(), usedMs(pid))
  if (stop !== one.stopped) process.kill(pid, stop ? 'SIGSTOP' : 'SIGCONT')
  one.stopped = stop
}

function release(pid: number): void {
  held.delete(pid)
  attempt(pid, () => process.kill(pid, 'SIGCONT'))
}

/** A process that has ended is no longer held. */
function attempt(pid: number, what: () => void): void {
  try {
    what()
  } catch {
    held.delete(pid)
  }
}

function usedMs(pid: number): number {
  return processSeconds(pid) * 1000
}
