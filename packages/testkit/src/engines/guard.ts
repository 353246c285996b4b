import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'

/**
 * Ends what the process id of the last line stands for, and its children, then removes the folder: as soon as the pipe
 * closes, however this process ends.
 */
const SCRIPT = `
trap '' INT TERM HUP
pid=
while read -r line; do pid=$line; done
if [ "$pid" ]; then kill -9 "$pid" $(cat "/proc/$pid/task/$pid/children" 2>/dev/null || pgrep -P "$pid"); fi
rm -rf "$1"`

/** A small process that outlives this one for a moment, and cleans up after it. */
export class Guard {
  readonly #shell
  readonly #ended: Promise<unknown>

  constructor(folder: string) {
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT, 'guard', folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    this.#ended = once(this.#shell, 'exit')
    this.#shell.unref()
    const { stdin } = this.#shell
    stdin.on('error', () => {})
    ;(stdin as Socket).unref()
  }

  /** What to end; undefined for nothing. */
  watch(pid: number | undefined): void {
    this.#shell.stdin.write(`${pid ?? ''}\n`)
  }

  /** Cleans up now. May be called again. */
  async clean(): Promise<void> {
    this.#shell.ref()
    this.#shell.stdin.end()
    await this.#ended
  }
}
