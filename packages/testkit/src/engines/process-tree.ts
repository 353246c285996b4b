import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

/** Sends a signal to a process and to its children, parents first. PostgreSQL has one process per connection, in a session of its own. */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  const children = childrenOf(pid)
  trySignal(pid, signal)
  for (const child of children) signalTree(child, signal)
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

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended.
  }
}
