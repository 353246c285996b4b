import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Sends a signal to a process and to its children, parents first, and returns them all. PostgreSQL has one process per
 * connection, in a session of its own.
 */
export function signalTree(pid: number, signal: NodeJS.Signals): number[] {
  const children = childrenOf(pid)
  trySignal(pid, signal)
  return [pid, ...children.flatMap((child) => signalTree(child, signal))]
}

/** Waits for the end of killed processes: a PostgreSQL that starts earlier finds the memory of the old one in use. */
export async function untilGone(pids: readonly number[]): Promise<void> {
  // In a container where nobody collects orphans, they stay on as zombies: then this is long enough.
  const deadline = performance.now() + 1000
  while (pids.some((pid) => trySignal(pid, 0)) && performance.now() < deadline) await sleep(5)
}

function childrenOf(pid: number): number[] {
  try {
    return listChildren(pid).trim().split(/\s+/).filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function listChildren(pid: number): string {
  const file = `/proc/${pid}/task/${pid}/children`
  return existsSync(file) ? readFileSync(file, 'utf8') : execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
}

/** Whether the process was there. */
function trySignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
