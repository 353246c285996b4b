import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** Shares of a core by process id. */
export type Limits = ReadonlyMap<number, number>

/**
 * Holds processes to a fraction of a core without privileges: whoever has used its time is stopped (SIGSTOP) until it has
 * more (SIGCONT). Reads the time from /proc, so it needs Linux. Work that others do for a process is not counted.
 */
export class Throttle implements AsyncDisposable {
  readonly #worker = new Worker(new URL('throttle-worker.ts', import.meta.url))

  /** From now on these and no others. */
  async hold(limits: Limits): Promise<void> {
    const done = once(this.#worker, 'message')
    this.#worker.postMessage({ limits })
    await done
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hold(new Map())
    await this.#worker.terminate()
  }
}
