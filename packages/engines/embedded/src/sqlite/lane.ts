import { once } from 'node:events'
import { basename } from 'node:path'
import { type Transferable, Worker } from 'node:worker_threads'
import { EngineUnavailable } from '@chat4all/ports'
import { decodeError } from './errors.ts'
import type { Operation } from './operations.ts'
import type { Call, RepliedErrors, Reply, Request, Started, WorkerSettings } from './protocol.ts'

/** Arguments, and the buffers in them that move to the worker instead of being copied. */
export interface Arguments {
  readonly args: unknown
  readonly transfer?: readonly Transferable[]
}

interface Pending {
  readonly operation: string
  readonly prepare: () => Arguments
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** The way to one worker thread. Calls made in one turn of the event loop, or while the worker is busy, go to it as one message and come back as one message. */
export class Lane implements AsyncDisposable {
  readonly kinds: Readonly<Record<string, Operation['kind']>>
  readonly #worker: Worker
  readonly #exited: Promise<void>
  readonly #waiting: Pending[] = []
  /** What the worker has now, in the order of its answer. */
  readonly #sent: Pending[] = []
  #scheduled = false
  #closed: EngineUnavailable | undefined

  static async start(settings: WorkerSettings): Promise<Lane> {
    // The thread is named after its file, so that tools show which database works.
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: settings, name: basename(settings.file) })
    const [started] = (await once(worker, 'message')) as [Started]
    if ('failed' in started) throw decodeError(started.failed)
    return new Lane(worker, started.kinds)
  }

  private constructor(worker: Worker, kinds: Lane['kinds']) {
    this.#worker = worker
    this.kinds = kinds
    worker.on('message', (reply: Reply) => this.#receive(reply))
    worker.on('error', (error) => this.#fail(new EngineUnavailable('the database thread failed', error)))
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()))
    worker.on('exit', () => this.#fail(new EngineUnavailable('the database thread has ended')))
  }

  /** Calls not yet answered. */
  get load(): number {
    return this.#waiting.length + this.#sent.length
  }

  /** `prepare` runs when the call leaves for the worker: until then its arguments may still grow. */
  call(operation: string, prepare: () => Arguments): Promise<unknown> {
    if (this.#closed) return Promise.reject(this.#closed)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operation, prepare, resolve, reject })
      this.#schedule()
    })
  }

  /** Not at once, and not in a microtask: whoever was just answered, or has data in the same turn, still joins the batch. */
  #schedule(): void {
    if (this.#scheduled || this.#sent.length > 0) return
    if (this.#waiting.length === 0) return this.#closeIfAsked()
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#send()
    })
  }

  #closeIfAsked(): void {
    if (this.#closed) this.#worker.postMessage('close' satisfies Request)
  }

  #send(): void {
    const calls: Call[] = []
    const transfer: Transferable[] = []
    for (const pending of this.#waiting.splice(0)) this.#pack(pending, calls, transfer)
    try {
      if (calls.length > 0) this.#worker.postMessage(calls satisfies Request, transfer)
    } catch (error) {
      for (const { reject } of this.#sent.splice(0)) reject(error as Error)
    }
    this.#schedule()
  }

  #pack(pending: Pending, calls: Call[], transfer: Transferable[]): void {
    try {
      const prepared = pending.prepare()
      calls.push([pending.operation, prepared.args])
      if (prepared.transfer) transfer.push(...prepared.transfer)
      this.#sent.push(pending)
    } catch (error) {
      pending.reject(error as Error)
    }
  }

  #receive(reply: Reply): void {
    const batch = this.#sent.splice(0)
    if ('errors' in reply) settle(batch, reply)
    else for (const [index, { resolve }] of batch.entries()) resolve(reply[index])
    this.#schedule()
  }

  #fail(error: EngineUnavailable): void {
    this.#closed ??= error
    for (const { reject } of [...this.#sent.splice(0), ...this.#waiting.splice(0)]) reject(this.#closed)
  }

  /** Calls made before are still answered. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= new EngineUnavailable('the database was closed')
    this.#schedule()
    await this.#exited
  }
}

function settle(batch: readonly Pending[], { results, errors }: RepliedErrors): void {
  for (const [index, { resolve, reject }] of batch.entries()) {
    const error = errors.get(index)
    if (error) reject(decodeError(error))
    else resolve(results[index])
  }
}
