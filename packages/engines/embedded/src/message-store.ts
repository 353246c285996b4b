import type {
  ChangedConversation,
  ChangePage,
  ConversationHead,
  ConversationKey,
  ConversationWrites,
  InboxEntry,
  InboxPosition,
  IntegrityPage,
  MemberState,
  MessageEditRow,
  MessageStore,
  Partition,
  RangeDigest,
  ReceiptMark,
  ReceiptState,
  RecipientStatus,
  StoredMessage,
} from '@chat4all/ports'
import { packBatch } from './message-store/batch.ts'
import { WorkerDatabase } from './sqlite/worker-database.ts'

/** The message store in one SQLite file. Every method is one operation of `message-store.worker.ts`, by its name. */
export class SqliteMessageStore implements MessageStore {
  readonly refusesDuplicateIds = true
  readonly #database: WorkerDatabase
  readonly #settled: Map<Partition, bigint>

  private constructor(database: WorkerDatabase, settled: Map<Partition, bigint>) {
    this.#database = database
    this.#settled = settled
  }

  static async open(file: string): Promise<SqliteMessageStore> {
    const module = new URL('./message-store.worker.ts', import.meta.url)
    await using undo = new AsyncDisposableStack()
    const database = undo.use(await WorkerDatabase.open({ file, module, readers: 1 }))
    const settled = await database.call<Map<Partition, bigint>>('settled', [])
    undo.move()
    return new SqliteMessageStore(database, settled)
  }

  load(...args: Parameters<MessageStore['load']>): ReturnType<MessageStore['load']> {
    return this.#call('load', ...args)
  }

  async apply(partition: Partition, through: bigint, writes: readonly ConversationWrites[]): Promise<void> {
    const batch = packBatch(partition, writes)
    await this.#database.call('apply', [batch], [batch.packed])
    if (through > (this.#settled.get(partition) ?? 0n)) this.#settled.set(partition, through)
  }

  checkpoint(partition: Partition): Promise<bigint> {
    return this.#call('checkpoint', partition)
  }
  setCheckpoint(partition: Partition, through: bigint): Promise<void> {
    return this.#call('setCheckpoint', partition, through)
  }
  async settled(): Promise<ReadonlyMap<Partition, bigint>> {
    return new Map(this.#settled)
  }

  heads(keys: readonly ConversationKey[]): Promise<readonly (ConversationHead | undefined)[]> {
    return this.#call('heads', keys)
  }
  members(key: ConversationKey): Promise<readonly MemberState[]> {
    return this.#call('members', key)
  }

  message(tenantId: string, messageId: string): Promise<StoredMessage | undefined> {
    return this.#call('message', tenantId, messageId)
  }
  messages(...args: Parameters<MessageStore['messages']>): Promise<readonly StoredMessage[]> {
    return this.#call('messages', ...args)
  }
  sequenceAt(key: ConversationKey, time: bigint): Promise<bigint> {
    return this.#call('sequenceAt', key, time)
  }
  edits(key: ConversationKey, sequence: bigint): Promise<readonly MessageEditRow[]> {
    return this.#call('edits', key, sequence)
  }

  changes(key: ConversationKey, afterRevision: bigint, limit: number): Promise<ChangePage> {
    return this.#call('changes', key, afterRevision, limit)
  }

  inbox(tenantId: string, userId: string, before: InboxPosition | undefined, limit: number): Promise<readonly InboxEntry[]> {
    return this.#call('inbox', tenantId, userId, before, limit)
  }
  inboxEntry(key: ConversationKey, userId: string): Promise<InboxEntry | undefined> {
    return this.#call('inboxEntry', key, userId)
  }
  unread(key: ConversationKey, userId: string, after: bigint, limit: number): ReturnType<MessageStore['unread']> {
    return this.#call('unread', key, userId, after, limit)
  }
  changedConversations(...args: Parameters<MessageStore['changedConversations']>): Promise<readonly ChangedConversation[]> {
    return this.#call('changedConversations', ...args)
  }

  raiseReceipts(marks: readonly ReceiptMark[]): ReturnType<MessageStore['raiseReceipts']> {
    return this.#call('raiseReceipts', marks)
  }
  receipts(key: ConversationKey): Promise<readonly ReceiptState[]> {
    return this.#call('receipts', key)
  }
  recipientStatuses(key: ConversationKey, sequence: bigint): Promise<readonly RecipientStatus[]> {
    return this.#call('recipientStatuses', key, sequence)
  }

  digest(key: ConversationKey, from: bigint, to: bigint): Promise<RangeDigest> {
    return this.#call('digest', key, from, to)
  }
  verify(tenantId: string | undefined, cursor: string): Promise<IntegrityPage> {
    return this.#call('verify', tenantId, cursor)
  }

  async expireChanges(before: bigint): Promise<number> {
    let dropped = 0
    for (;;) {
      const count = await this.#call<number>('expireChanges', before)
      if (count === 0) return dropped
      dropped += count
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#database[Symbol.asyncDispose]()
  }

  #call<T>(operation: keyof MessageStore & string, ...args: readonly unknown[]): Promise<T> {
    return this.#database.call<T>(operation, args)
  }
}
