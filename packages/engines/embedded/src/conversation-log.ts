import { type Clock, systemClock } from '@chat4all/base'
import type { Appended, ConversationLog, LogEntry, NewRecord, Partition, PartitionOwner } from '@chat4all/ports'
import { AppendBatch, type AppendReply } from './conversation-log/append-batch.ts'
import { PartitionFeed } from './conversation-log/partition-feed.ts'
import { type PackedEntries, unpackEntries } from './sqlite/packed-entries.ts'
import { WorkerDatabase } from './sqlite/worker-database.ts'

const MAX_KEY_BYTES = 200
const MAX_RECORD_BYTES = 256 * 1024
const READ_BACK = { limit: 1_000, maxBytes: 4 * 1024 * 1024 }
const TRIM_SLICE = 256
const DAY_MS = 24 * 60 * 60 * 1000

export interface ConversationLogOptions {
  /** Cannot become fewer once records are stored. */
  readonly partitions: number
  /** How long records and their keys stay after they were appended, trimmed or not. Default 24 hours; at least 60 seconds. */
  readonly retentionMs?: number
  readonly clock?: Clock
}

/** The conversation log in one SQLite file. Positions rise over all partitions together, so a partition's have gaps. Keys are unique in their partition. */
export class SqliteConversationLog implements ConversationLog {
  readonly partitions: number
  readonly #database: WorkerDatabase
  readonly #feeds: readonly PartitionFeed[]
  readonly #retentionMs: number
  readonly #clock: Clock
  readonly #closed = new AbortController()
  /** Appends that have not left for the worker. */
  #batch: AppendBatch | undefined

  static async open(file: string, options: ConversationLogOptions): Promise<SqliteConversationLog> {
    await using undo = new AsyncDisposableStack()
    const database = undo.use(await WorkerDatabase.open({ file, module: new URL('./conversation-log.worker.ts', import.meta.url) }))
    const ends = await database.call<{ partition: number; position: number }[]>('ends', {})
    const log = new SqliteConversationLog(database, new Map(ends.map((end) => [end.partition, BigInt(end.position)])), options)
    undo.move()
    return log
  }

  private constructor(database: WorkerDatabase, ends: ReadonlyMap<Partition, bigint>, options: ConversationLogOptions) {
    const { partitions, retentionMs = DAY_MS, clock = systemClock } = options
    const highest = Math.max(-1, ...ends.keys())
    if (highest >= partitions)
      throw new RangeError(`the log has records in partition ${highest}: it cannot have only ${partitions} partitions`)
    const createFeed = (partition: Partition) =>
      new PartitionFeed(ends.get(partition) ?? 0n, (after) => this.#list(partition, after, READ_BACK))
    this.partitions = partitions
    this.#database = database
    this.#feeds = Array.from({ length: partitions }, (_, partition) => createFeed(partition))
    this.#retentionMs = retentionMs
    this.#clock = clock
  }

  /** The owner gets the very bytes that were passed here. */
  async append(partition: Partition, record: NewRecord): Promise<Appended> {
    this.#feed(partition)
    const keyBytes = Buffer.byteLength(record.key)
    if (keyBytes < 1 || keyBytes > MAX_KEY_BYTES) throw new RangeError(`a key has 1 to ${MAX_KEY_BYTES} bytes, not ${keyBytes}`)
    const size = record.record.byteLength
    if (size > MAX_RECORD_BYTES) throw new RangeError(`a record has at most ${MAX_RECORD_BYTES} bytes, not ${size}`)
    this.#batch ??= this.#startBatch()
    return this.#batch.add(partition, record, keyBytes)
  }

  #startBatch(): AppendBatch {
    const batch = new AppendBatch()
    const leave = () => {
      this.#batch = undefined
      const packed = batch.pack()
      return { args: { packed, at: Math.floor(this.#clock.now() / 1000) }, transfer: [packed] }
    }
    this.#database.callLate<AppendReply>('append', leave).then(
      (reply) => batch.settle(reply, (partition, entry) => this.#feed(partition).push(entry)),
      (error: Error) => this.#fail(batch, error),
    )
    return batch
  }

  #fail(batch: AppendBatch, error: Error): void {
    if (this.#batch === batch) this.#batch = undefined
    batch.fail(error)
  }

  async read(partition: Partition, position: bigint): Promise<LogEntry | undefined> {
    const row = await this.#database.call<{ record: Uint8Array } | undefined>('read', { partition, position })
    return row && { position, record: row.record }
  }

  list(partition: Partition, after: bigint, limit: number): Promise<readonly LogEntry[]> {
    return this.#list(partition, after, { limit, maxBytes: Number.POSITIVE_INFINITY })
  }

  async #list(partition: Partition, after: bigint, most: { limit: number; maxBytes: number }): Promise<readonly LogEntry[]> {
    return unpackEntries(await this.#database.call<PackedEntries>('list', { partition, after, ...most }))
  }

  own(partition: Partition, owner: PartitionOwner, signal: AbortSignal): Promise<void> {
    return this.#feed(partition).own(owner, AbortSignal.any([signal, this.#closed.signal]))
  }

  /** In slices, each a transaction of its own, so that appends never wait long. */
  async trim(partition: Partition, through: bigint): Promise<void> {
    const before = Math.floor((this.#clock.now() - this.#retentionMs) / 1000)
    const slice = { partition, through, before, limit: TRIM_SLICE }
    while ((await this.#database.call<number>('trim', slice)) === TRIM_SLICE);
  }

  async end(partition: Partition): Promise<bigint> {
    return this.#feed(partition).end
  }

  async isPast(partition: Partition, position: bigint): Promise<boolean> {
    return (await this.end(partition)) >= position
  }

  #feed(partition: Partition): PartitionFeed {
    const feed = this.#feeds[partition]
    if (!feed) throw new RangeError(`there is no partition ${partition}: they are 0 to ${this.partitions - 1}`)
    return feed
  }

  /** Ends all owners; appends made before are still answered. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort()
    await this.#database[Symbol.asyncDispose]()
  }
}
