import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { CheckpointerSettings } from './checkpointer.worker.ts'

/** Moves what was committed from the WALs of databases into the databases, in a thread of its own: a commit that does it waits for the disk tens of milliseconds longer. */
export class Checkpointer implements AsyncDisposable {
  readonly #worker: Worker
  readonly #exited: Promise<unknown>

  /** For files that others have open already. Dispose it before them. */
  static async start(files: readonly string[]): Promise<Checkpointer> {
    const workerData = { files } satisfies CheckpointerSettings
    const worker = new Worker(new URL('./checkpointer.worker.ts', import.meta.url), { workerData, name: 'checkpointer' })
    await once(worker, 'message')
    return new Checkpointer(worker)
  }

  private constructor(worker: Worker) {
    this.#worker = worker
    // Without it commits do the work themselves, later and all at once: no reason to stop serving.
    worker.on('error', () => {})
    this.#exited = new Promise((resolve) => worker.once('exit', resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#worker.postMessage('close')
    await this.#exited
  }
}
