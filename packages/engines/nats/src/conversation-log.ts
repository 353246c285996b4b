import type { Logger } from '@chat4all/base'
import {
  type Appended,
  type ConversationLog,
  EngineUnavailable,
  type LogEntry,
  type NewRecord,
  type Partition,
  type PartitionOwner,
  subjectToken,
} from '@chat4all/ports'
import { type JetStreamManager, type JsMsg, jetstreamManager, type StreamInfo } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { Balance } from './conversation-log/balance.ts'
import { CODE, hasCode, portError } from './errors.ts'
import { listMessages } from './list-messages.ts'
import { type FeedHandler, PinnedFeed } from './pinned/feed.ts'
import { LoopWatch } from './pinned/loop-watch.ts'
import { OrderedPublisher } from './publish/ordered-publisher.ts'
import { applyTopology } from './topology/apply.ts'
import { conversationPlans, conversationStream, type Replicas, SEQUENCER } from './topology/table.ts'

const MAX_KEY_BYTES = 200
const MAX_RECORD_BYTES = 256 * 1024
const API_TIMEOUT_MS = 2_000

export interface NatsLogOptions {
  readonly partitions: number
  readonly replicas: Replicas
  readonly logger: Logger
}

/** The conversation log in one stream per partition. Positions are stream sequences. Keys are known for 60 s. */
export class NatsConversationLog implements ConversationLog {
  readonly partitions: number
  readonly #jsm: JetStreamManager
  readonly #replicas: Replicas
  readonly #logger: Logger
  readonly #loop = new LoopWatch()
  readonly #balance: Balance
  readonly #publishers: readonly OrderedPublisher[]
  /** Appends that are not answered, by partition and key. */
  readonly #underWay = new Map<string, Promise<Appended>>()
  readonly #closed = new AbortController()
  readonly #owned = new Set<Promise<void>>()

  /** The connection stays the caller's. */
  static async open(connection: NatsConnection, options: NatsLogOptions): Promise<NatsConversationLog> {
    const jsm = await jetstreamManager(connection, { timeout: API_TIMEOUT_MS, checkAPI: false })
    await applyTopology(jsm, conversationPlans(options.partitions, options.replicas), options.logger)
    return new NatsConversationLog(connection, jsm, options)
  }

  private constructor(connection: NatsConnection, jsm: JetStreamManager, { partitions, replicas, logger }: NatsLogOptions) {
    this.partitions = partitions
    this.#jsm = jsm
    this.#replicas = replicas
    this.#logger = logger
    this.#balance = new Balance(connection, partitions, logger)
    this.#publishers = Array.from(
      { length: partitions },
      (_, partition) => new OrderedPublisher(connection, { name: conversationStream(partition), replicated: replicas > 1 }),
    )
  }

  async append(partition: Partition, record: NewRecord): Promise<Appended> {
    this.#stream(partition)
    check(record)
    const id = `${partition}/${record.key}`
    const first = this.#underWay.get(id)
    if (first) return { position: (await first).position, duplicate: true }
    const appended = this.#publish(partition, record)
    this.#underWay.set(id, appended)
    try {
      return await appended
    } finally {
      this.#underWay.delete(id)
    }
  }

  async #publish(partition: Partition, { conversationId, key, record }: NewRecord): Promise<Appended> {
    const subject = `conv.${partition}.${token(conversationId)}`
    const { position, duplicate } = await this.#publishers[partition]!.publish({ subject, id: key, payload: record })
    return { position: BigInt(position), duplicate }
  }

  /** Asks the leader, which knows what was just appended; replicas may not. */
  async read(partition: Partition, position: bigint): Promise<LogEntry | undefined> {
    const stream = this.#stream(partition)
    if (position < 1n) return undefined
    try {
      const message = await this.#jsm.streams.getMessage(stream, { seq: Number(position) })
      return message ? { position, record: message.data } : undefined
    } catch (error) {
      if (hasCode(error, CODE.noMessageFound)) return undefined
      throw portError(stream, error)
    }
  }

  async list(partition: Partition, after: bigint, limit: number): Promise<readonly LogEntry[]> {
    const stream = this.#stream(partition)
    try {
      const listed = await listMessages(this.#jsm, stream, Number(after), limit)
      return listed.map(({ position, data }) => ({ position: BigInt(position), record: data }))
    } catch (error) {
      throw portError(stream, error)
    }
  }

  async own(partition: Partition, owner: PartitionOwner, signal: AbortSignal): Promise<void> {
    const running = this.#ownUntil(AbortSignal.any([signal, this.#closed.signal]), partition, owner)
    this.#owned.add(running)
    await running
    this.#owned.delete(running)
  }

  async #ownUntil(ended: AbortSignal, partition: Partition, owner: PartitionOwner): Promise<void> {
    const deps = { jsm: this.#jsm, logger: this.#logger, loop: this.#loop }
    while (!ended.aborted) {
      const feed = new PinnedFeed(deps, this.#stream(partition), SEQUENCER, toHandler(owner))
      this.#balance.add(feed)
      await feed.run(ended).finally(() => this.#balance.remove(feed))
      if (!ended.aborted) await this.#makeAnew(partition)
    }
  }

  /** Somebody deleted the consumer, or the stream: the order goes on behind what the store has. */
  async #makeAnew(partition: Partition): Promise<void> {
    const stream = this.#stream(partition)
    this.#logger.error({ stream }, 'the stream or its consumer is gone: making it anew')
    const plans = conversationPlans(this.partitions, this.#replicas).slice(partition, partition + 1)
    await applyTopology(this.#jsm, plans, this.#logger).catch((error: unknown) =>
      this.#logger.warn({ stream, err: error }, 'making it anew failed'),
    )
  }

  /** Does nothing: the streams drop records by themselves once they are older than 24 hours, trimmed or not. */
  async trim(_partition: Partition, _through: bigint): Promise<void> {}

  async end(partition: Partition): Promise<bigint> {
    const { state, config } = await this.#info(partition)
    return state.last_seq < config.first_seq ? 0n : BigInt(state.last_seq)
  }

  async isPast(partition: Partition, position: bigint): Promise<boolean> {
    const { state } = await this.#info(partition)
    return BigInt(state.last_seq) >= position
  }

  async #info(partition: Partition): Promise<StreamInfo> {
    const stream = this.#stream(partition)
    try {
      return await this.#jsm.streams.info(stream)
    } catch (error) {
      throw portError(stream, error)
    }
  }

  /** While the number of partitions grows, other processes may know more of them. */
  #stream(partition: Partition): string {
    if (partition in this.#publishers) return conversationStream(partition)
    throw new EngineUnavailable(`partition ${partition} is not known to this process: it was started with ${this.partitions} partitions`)
  }

  /** Ends all owners; appends made before are still answered. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort()
    await Promise.all([...this.#owned, ...this.#publishers.map((publisher) => publisher.settled())])
    await this.#balance[Symbol.asyncDispose]()
    this.#loop[Symbol.dispose]()
  }
}

function check({ key, record }: NewRecord): void {
  const keyBytes = Buffer.byteLength(key)
  if (keyBytes < 1 || keyBytes > MAX_KEY_BYTES) throw new RangeError(`a key has 1 to ${MAX_KEY_BYTES} bytes, not ${keyBytes}`)
  const size = record.byteLength
  if (size > MAX_RECORD_BYTES) throw new RangeError(`a record has at most ${MAX_RECORD_BYTES} bytes, not ${size}`)
}

/** A subject token for a conversation: its id, as far as it can be one. Nobody reads it back. */
function token(conversationId: string): string {
  return /^[A-Za-z0-9_-]+$/.test(conversationId) ? conversationId : subjectToken(conversationId)
}

function toHandler(owner: PartitionOwner): FeedHandler {
  const toEntry = (message: JsMsg) => ({ position: BigInt(message.seq), record: message.data })
  return {
    start: async () => Number(await owner.start()),
    deliver: (messages) => owner.deliver(messages.map(toEntry)),
  }
}
