import { setTimeout } from 'node:timers/promises'
import type { EventLog, Partition, SequencedEvent } from '@chat4all/ports'
import { ChangeSignal } from './event-log/change-signal.ts'
import { type PackedEvents, packEvents, unpackEvents } from './event-log/packed-events.ts'
import { WorkerDatabase } from './sqlite/worker-database.ts'

const BATCH = 500
const SWEEP_SLICE = 1_000
const PAUSE_AFTER_FAILURE_MS = 200

type Handle = (partition: Partition, events: readonly SequencedEvent[]) => Promise<void>

/** The event log in one SQLite file. Publishing costs nothing, not even a hop to the database thread, while no consumer is registered. */
export class SqliteEventLog implements EventLog {
  readonly #database: WorkerDatabase
  readonly #consumers: Set<string>
  /** By partition: events came, or somebody should look whether to go on. */
  readonly #changes: readonly ChangeSignal[]
  readonly #closed = new AbortController()

  static async open(file: string, { partitions }: { readonly partitions: number }): Promise<SqliteEventLog> {
    await using undo = new AsyncDisposableStack()
    const database = undo.use(await WorkerDatabase.open({ file, module: new URL('./event-log.worker.ts', import.meta.url) }))
    const log = new SqliteEventLog(database, await database.call<string[]>('consumers', {}), partitions)
    await log.#sweep()
    undo.move()
    return log
  }

  private constructor(database: WorkerDatabase, consumers: readonly string[], partitions: number) {
    this.#database = database
    this.#consumers = new Set(consumers)
    this.#changes = Array.from({ length: partitions }, () => new ChangeSignal())
  }

  async publish(partition: Partition, events: readonly SequencedEvent[]): Promise<void> {
    if (this.#consumers.size === 0 || events.length === 0) return
    const packed = packEvents(events)
    await this.#database.call('publish', { partition, packed }, [packed.entries.bytes.buffer])
    this.#changes[partition]!.raise()
  }

  async register(consumer: string): Promise<void> {
    await this.#database.call('register', { consumer })
    this.#consumers.add(consumer)
  }

  async remove(consumer: string): Promise<void> {
    await this.#database.call('remove', { consumer })
    this.#consumers.delete(consumer)
    this.#wakeAll()
    await this.#sweep()
  }

  /** In slices, each a transaction of its own, so that nobody waits long. */
  async #sweep(): Promise<void> {
    for (const partition of this.#changes.keys()) {
      while ((await this.#database.call<number>('sweep', { partition, limit: SWEEP_SLICE })) === SWEEP_SLICE);
    }
  }

  /** Partitions advance independently: one whose events cannot be handled does not hold up the others. Also ends when the consumer is removed. */
  async consume(consumer: string, handle: Handle, signal: AbortSignal): Promise<void> {
    if (!this.#consumers.has(consumer)) throw new Error(`no consumer is registered as ${consumer}`)
    const ended = AbortSignal.any([signal, this.#closed.signal])
    const wake = () => this.#wakeAll()
    ended.addEventListener('abort', wake)
    await Promise.all(Array.from(this.#changes.keys(), (partition) => this.#consumePartition(consumer, partition, handle, ended)))
    ended.removeEventListener('abort', wake)
  }

  /** Acknowledges before it looks whether to end: what was handled is never handled again. */
  async #consumePartition(consumer: string, partition: Partition, handle: Handle, ended: AbortSignal): Promise<void> {
    const changes = this.#changes[partition]!
    let acknowledged: bigint | undefined
    while (this.#consumers.has(consumer)) {
      const changed = changes.next
      try {
        const events = await this.#advance(consumer, partition, acknowledged)
        if (ended.aborted) return
        if (events.length > 0) {
          await handle(partition, events)
          acknowledged = events.at(-1)!.position
        } else await changed
      } catch {
        if (ended.aborted) return
        await setTimeout(PAUSE_AFTER_FAILURE_MS, undefined, { signal: ended }).catch(() => {})
      }
    }
  }

  async #advance(consumer: string, partition: Partition, acknowledged: bigint | undefined): Promise<readonly SequencedEvent[]> {
    return unpackEvents(await this.#database.call<PackedEvents>('advance', { consumer, partition, acknowledged, limit: BATCH }))
  }

  #wakeAll(): void {
    for (const changes of this.#changes) changes.raise()
  }

  /** Ends all consumers. A batch that is being handled may come again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort()
    await this.#database[Symbol.asyncDispose]()
  }
}
