/** Shard of the log: 0 to `partitions` - 1. A conversation keeps the partition it was created with. */
export type Partition = number

/** What to append. */
export interface NewRecord {
  /** The conversation whose order the record joins. */
  readonly conversationId: string
  /** Makes repeating safe: a second record with the same key is not appended. Unique over all tenants: callers put the tenant id in front. 1 to 200 bytes. */
  readonly key: string
  /** An encoded LogRecord, at most 256 KiB: the creation of a group with 1,000 members and all the metadata it may have takes 235 KB. The engine does not look inside and does not change it; nor may the caller, from then on. */
  readonly record: Uint8Array
}

/** Where a record stands. */
export interface Appended {
  /** Rises in a partition with every record, not necessarily by one. From 1. */
  readonly position: bigint
  /** The key was there already: `position` is the first record's, and nothing was appended. */
  readonly duplicate: boolean
}

/** A record as read back. */
export interface LogEntry {
  readonly position: bigint
  readonly record: Uint8Array
}

/** The one owner of a partition at a time. */
export interface PartitionOwner {
  /** Ownership was gained, or delivery was interrupted: returns the position after which to deliver. Some engines give ownership only when there is a record to deliver. */
  start(): Promise<bigint>
  /** The next records in order, at least one, contiguous with those before. The next call comes when this one has resolved. If it throws, delivery starts over with `start()` after a pause; if it throws `HandOver`, owners in other processes are asked first. The bytes may be kept. */
  deliver(entries: readonly LogEntry[]): Promise<void>
}

/** The durable, ordered log of everything accepted: what is in it will be stored and delivered.
 *
 *  Ordering: records of one partition have one order, the order in which their appends completed. A record appended
 *  after another append was acknowledged stands behind it. Nothing is promised between partitions.
 *  Durability: when `append` resolves, the record survives kill -9 and power loss. */
export interface ConversationLog extends AsyncDisposable {
  readonly partitions: number

  /** Appends one record durably. Repeating a `key` within the retention (at least 60 s) returns the first position with `duplicate: true`.
   *  Records appended from one caller without waiting in between stand in the order of the calls.
   *  Throws `EngineUnavailable` when the outcome is unknown (repeating with the same key is safe) and `StorageFull` when nothing was stored. */
  append(partition: Partition, record: NewRecord): Promise<Appended>

  /** The record at exactly this position, or undefined if there is none or it was trimmed. */
  read(partition: Partition, position: bigint): Promise<LogEntry | undefined>

  /** The first records after a position, in order, at most `limit`. For checks and repair: owners use `own`. */
  list(partition: Partition, after: bigint, limit: number): Promise<readonly LogEntry[]>

  /** Delivers a partition to this owner until the signal aborts, then resolves. Records come at least once, in order, from `start()` on. Of several owners one is active; another takes over when it goes.
   *  An owner that was cut off without noticing may still be working: owners must therefore write only what follows from the log. */
  own(partition: Partition, owner: PartitionOwner, signal: AbortSignal): Promise<void>

  /** Says that records up to this position are stored elsewhere. The engine may drop them once they are older than its retention. */
  trim(partition: Partition, through: bigint): Promise<void>

  /** The highest position of a partition, 0 if it never held anything. */
  end(partition: Partition): Promise<bigint>

  /** Whether the next record of a partition will stand above this position. If not, the log is older than who asks: an earlier state of it was restored. */
  isPast(partition: Partition, position: bigint): Promise<boolean>
}
