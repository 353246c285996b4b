import type { Transferable } from 'node:worker_threads'
import { EngineUnavailable } from '@chat4all/ports'
import { lockFile } from './file-lock.ts'
import { type Arguments, Lane } from './lane.ts'

/** A SQLite file that belongs to this process. One thread writes, so that waiting for the disk blocks nobody; readers, if asked for, answer while it commits.
 *
 *  Group commit: writes that were called in one turn of the event loop, or while the last commit ran, share one transaction.
 *  A call is answered when that is on disk. A call that throws undoes only itself. Writes run in the order of the calls. */
export class WorkerDatabase implements AsyncDisposable {
  readonly #writer: Lane
  readonly #readers: readonly Lane[]
  readonly #lock: Disposable
  #closing: Promise<void> | undefined

  /** `module` is the URL of an OperationsModule. Without `readers`, reads wait their turn with the writes. Throws `EngineUnavailable` when another process has the file. */
  static async open({ file, module, readers = 0 }: { file: string; module: URL; readers?: number }): Promise<WorkerDatabase> {
    await using undo = new AsyncDisposableStack()
    const lock = undo.use(lockFile(file))
    const settings = { file, module: module.href }
    const writer = undo.use(await Lane.start({ ...settings, readOnly: false }))
    const start = async () => undo.use(await Lane.start({ ...settings, readOnly: true }))
    const lanes = await Promise.all(Array.from({ length: readers }, start))
    undo.move()
    return new WorkerDatabase(lock, writer, lanes)
  }

  private constructor(lock: Disposable, writer: Lane, readers: readonly Lane[]) {
    this.#lock = lock
    this.#writer = writer
    this.#readers = readers
  }

  /** Runs an operation. Arguments are cloned: of a view, the whole buffer behind it, so pass `ownBytes(view)`, or transfer. */
  call<T>(operation: string, args: unknown, transfer: readonly Transferable[] = []): Promise<T> {
    return this.callLate(operation, () => ({ args, transfer }))
  }

  /** As `call`, with arguments that are asked for when the call leaves for the worker: until then they can collect more. */
  callLate<T>(operation: string, prepare: () => Arguments): Promise<T> {
    if (this.#closing) return Promise.reject(new EngineUnavailable('the database was closed'))
    return this.#laneFor(operation).call(operation, prepare) as Promise<T>
  }

  #laneFor(operation: string): Lane {
    if (this.#readers.length === 0 || this.#writer.kinds[operation] !== 'read') return this.#writer
    return this.#readers.reduce((least, lane) => (lane.load < least.load ? lane : least))
  }

  /** Calls made before are still answered. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** The writer last: it empties the WAL when nobody else has the file open. */
  async #close(): Promise<void> {
    await Promise.all(this.#readers.map((lane) => lane[Symbol.asyncDispose]()))
    await this.#writer[Symbol.asyncDispose]()
    this.#lock[Symbol.dispose]()
  }
}

/** The bytes with a buffer of their own: cloning a view would clone all of the buffer behind it. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer
  return whole ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes)
}
