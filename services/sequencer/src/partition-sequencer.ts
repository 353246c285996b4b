import type { Logger } from '@chat4all/base'
import {
  type ConversationKey,
  type ConversationLog,
  DuplicateMessageId,
  type EventLog,
  HandOver,
  type LiveBus,
  type LogEntry,
  type LogPlace,
  type MessageStore,
  type Partition,
  type PartitionOwner,
  type StoredMessage,
} from '@chat4all/ports'
import { traceIdOf } from '@chat4all/rpc'
import { LRUCache } from 'lru-cache'
import type { SequencerConfig } from './config.ts'
import type { OrderedState, OrderingConversation } from './domain/conversation.ts'
import { conversationKey, type Decoded, decode, idKey, type Known, order, type Readable } from './order.ts'
import { publishLive, publishSettled } from './publish.ts'

export interface SequencerDeps {
  readonly log: ConversationLog
  readonly store: MessageStore
  readonly events: EventLog
  readonly bus: LiveBus
  readonly logger: Logger
  readonly config: SequencerConfig
}

/** The one owner of a partition: reads the log in order, gives every record its place, stores, publishes.
 *
 *  Nothing here is needed after a crash but the log and the store: the checkpoint is written last, and a record that
 *  is met again is recognised by its position. */
export class PartitionSequencer implements PartitionOwner {
  readonly #partition: Partition
  readonly #deps: SequencerDeps
  readonly #states: LRUCache<string, OrderedState>
  #applied = 0n
  #checkpointed = 0n
  #checkpointDueAt = 0
  #stoppedBefore: bigint | undefined

  constructor(partition: Partition, deps: SequencerDeps) {
    this.#partition = partition
    this.#deps = deps
    this.#states = new LRUCache({ max: deps.config.cachedConversations })
  }

  async start(): Promise<bigint> {
    this.#states.clear()
    this.#applied = this.#checkpointed = await this.#deps.store.checkpoint(this.#partition)
    this.#deps.logger.info({ partition: this.#partition, checkpoint: String(this.#applied) }, 'owns the partition')
    return this.#applied
  }

  async deliver(entries: readonly LogEntry[]): Promise<void> {
    const { batch, unreadable } = decode(entries)
    if (batch.length > 0) await this.#apply(batch)
    if (unreadable !== undefined) await this.#stopBefore(unreadable)
  }

  async #apply(batch: readonly Decoded[]): Promise<void> {
    const through = batch[batch.length - 1]!.position
    const conversations = await this.#store(batch, through, !this.#deps.store.refusesDuplicateIds)
    for (const conversation of conversations) this.#states.set(conversationKey(conversation.key), conversation.state())
    await this.#publish(conversations, through)
    this.#applied = through
    if (this.#deps.logger.isLevelEnabled('debug')) this.#noteTraces(batch)
    await this.#checkpointWhenDue()
  }

  /** The last line of a traced call: what it brought is ordered, stored and published. */
  #noteTraces(batch: readonly Decoded[]): void {
    for (const { position, record } of batch) {
      if (record.traceparent === '') continue
      const { tenantId: tenant_id, conversationId: conversation_id, kind } = record
      const where = { partition: this.#partition, position: String(position), tenant_id, conversation_id }
      this.#deps.logger.debug({ trace_id: traceIdOf(record.traceparent), kind: kind.case, ...where }, 'ordered')
    }
  }

  /** A record of a newer version is neither skipped nor guessed at: the partition waits for a sequencer that reads it. */
  async #stopBefore({ position, why }: NonNullable<Readable['unreadable']>): Promise<never> {
    if (position !== this.#stoppedBefore)
      this.#deps.logger.error(
        { partition: this.#partition, position: String(position), why },
        'a log record is newer than this server: the partition waits for a newer sequencer',
      )
    this.#stoppedBefore = position
    await this.checkpoint()
    throw new HandOver(`log record ${position} of partition ${this.#partition} can't be read: ${why}`)
  }

  /** Orders and applies. A repeated id is rare, since the log has found the recent ones: a store that refuses it is asked about ids only then. */
  async #store(batch: readonly Decoded[], through: bigint, askForIds: boolean): Promise<OrderingConversation[]> {
    const conversations = order(this.#partition, batch, await this.#known(batch, askForIds))
    const changed = conversations.filter((conversation) => conversation.changed)
    try {
      await this.#deps.store.apply(
        this.#partition,
        through,
        changed.map((conversation) => conversation.writes()),
      )
    } catch (error) {
      if (askForIds || !(error instanceof DuplicateMessageId)) throw error
      return this.#store(batch, through, true)
    }
    return conversations
  }

  /** Writes the checkpoint now: before a clean stop, so that the next start has nothing to look at again. */
  async checkpoint(): Promise<void> {
    if (this.#applied === this.#checkpointed) return
    const through = this.#applied
    // Who owns the partition next tells the gateways to look again at what is above the checkpoint only.
    await this.#deps.bus.flush()
    await this.#deps.store.setCheckpoint(this.#partition, through)
    this.#checkpointed = through
    await this.#deps.log.trim(this.#partition, through)
  }

  async #known(batch: readonly Decoded[], askForIds: boolean): Promise<Known> {
    const ids = batch.flatMap(({ record: { tenantId, kind } }) =>
      askForIds && kind.case === 'message' ? [{ tenantId, messageId: kind.value.messageId }] : [],
    )
    const messages = await this.#changedMessages(batch)
    const keys = new Map(batch.map(({ record }) => [conversationKey(record), record]))
    const unknown = [...keys.values()].filter((record) => !this.#states.has(conversationKey(record)))
    const holders = await this.#load(unknown, ids)
    return { states: this.#states, holders, uniqueIds: this.#deps.store.refusesDuplicateIds, messages }
  }

  /** Reads states into memory, and where the messages stand that hold ids. Most batches of a busy conversation need neither. */
  async #load(
    keys: readonly ConversationKey[],
    ids: readonly { readonly tenantId: string; readonly messageId: string }[],
  ): Promise<Map<string, LogPlace>> {
    const found = new Map<string, LogPlace>()
    if (keys.length === 0 && ids.length === 0) return found
    const { states, holders } = await this.#deps.store.load(
      keys.map(({ tenantId, conversationId }) => ({ tenantId, conversationId })),
      ids,
    )
    for (const state of states) {
      if (state === undefined) continue
      const members = new Map(state.members.map((member) => [member.userId, member]))
      this.#states.set(conversationKey(state.head), { head: state.head, members })
    }
    for (const [i, { tenantId, messageId }] of ids.entries()) {
      const holder = holders[i]
      if (holder !== undefined) found.set(idKey(tenantId, messageId), holder)
    }
    return found
  }

  /** The stored messages that edits, deletions and reactions of the batch are about. Comes before the states are looked at. */
  async #changedMessages(batch: readonly Decoded[]): Promise<Map<string, StoredMessage>> {
    const messages = new Map<string, StoredMessage>()
    const look = batch.flatMap(({ record: { tenantId, kind } }) =>
      kind.case === 'edit' || kind.case === 'delete' || kind.case === 'reaction' ? [{ tenantId, messageId: kind.value.messageId }] : [],
    )
    await Promise.all(
      look.map(async ({ tenantId, messageId }) => {
        const message = await this.#deps.store.message(tenantId, messageId)
        if (message === undefined) return
        messages.set(idKey(tenantId, messageId), message)
        this.#forgetIfBehind(message)
      }),
    )
    return messages
  }

  /** A message that was changed after what is in memory: another process owns the partition, and has applied more. The state is read again, and shows that the change is applied. */
  #forgetIfBehind(message: StoredMessage): void {
    const key = conversationKey(message)
    const state = this.#states.get(key)
    if (state !== undefined && message.revision > state.head.revision) this.#states.delete(key)
  }

  async #publish(conversations: readonly OrderingConversation[], through: bigint): Promise<void> {
    const events = conversations.flatMap(({ key, events }) => events.map(({ position, event }) => ({ ...key, position, event })))
    events.sort((a, b) => (a.position < b.position ? -1 : 1))
    await this.#deps.events.publish(this.#partition, events)
    const last = conversations.at(-1)
    for (const conversation of conversations) publishLive(this.#deps.bus, conversation, conversation === last ? through : 0n)
  }

  async #checkpointWhenDue(): Promise<void> {
    const now = performance.now()
    if (now < this.#checkpointDueAt) return
    this.#checkpointDueAt = now + this.#deps.config.checkpointIntervalMs
    publishSettled(this.#deps.bus, this.#partition, this.#applied)
    await this.checkpoint()
  }
}
