import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@chat4all/base'
import type { EventLog, Partition, SequencedEvent } from '@chat4all/ports'
import { type JetStreamManager, type JsMsg, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import type { NatsLogOptions } from './conversation-log.ts'
import { CODE, hasCode, portError } from './errors.ts'
import { decodeEvent, encodeEvent } from './event-log/event-codec.ts'
import { Interest, TRUSTED_MS } from './event-log/interest.ts'
import { type FeedHandler, PinnedFeed } from './pinned/feed.ts'
import { LoopWatch } from './pinned/loop-watch.ts'
import { OrderedPublisher } from './publish/ordered-publisher.ts'
import { applyTopology, ensureConsumer } from './topology/apply.ts'
import { eventConsumer, eventPlans, eventStream } from './topology/table.ts'

const API_TIMEOUT_MS = 2_000

type Handle = (partition: Partition, events: readonly SequencedEvent[]) => Promise<void>

/** The event log in one stream per partition, which keeps an event until all its consumers have acknowledged it.
 *
 *  Several processes may consume under one name: each partition goes to one of them. A position that is published
 *  again within two minutes is not stored again; later, a consumer that runs leaves it out, and one that began since may get it. */
export class NatsEventLog implements EventLog {
  readonly #jsm: JetStreamManager
  readonly #logger: Logger
  readonly #loop = new LoopWatch()
  readonly #publishers: readonly OrderedPublisher[]
  readonly #interests: readonly Interest[]
  readonly #closed = new AbortController()
  readonly #consuming = new Set<Promise<void>>()

  /** The connection stays the caller's. */
  static async open(connection: NatsConnection, { partitions, replicas, logger }: NatsLogOptions): Promise<NatsEventLog> {
    const jsm = await jetstreamManager(connection, { timeout: API_TIMEOUT_MS, checkAPI: false })
    await applyTopology(jsm, eventPlans(partitions, replicas), logger)
    const publishers = Array.from(
      { length: partitions },
      (_, partition) => new OrderedPublisher(connection, { name: eventStream(partition), replicated: replicas > 1 }),
    )
    return new NatsEventLog(jsm, publishers, logger)
  }

  private constructor(jsm: JetStreamManager, publishers: readonly OrderedPublisher[], logger: Logger) {
    this.#jsm = jsm
    this.#publishers = publishers
    this.#interests = publishers.map((_, partition) => new Interest(() => this.#countConsumers(partition)))
    this.#logger = logger
  }

  async publish(partition: Partition, events: readonly SequencedEvent[]): Promise<void> {
    const publisher = this.#publishers[partition]
    if (!publisher) throw new RangeError(`there is no partition ${partition}: they are 0 to ${this.#publishers.length - 1}`)
    if (events.length === 0 || !(await this.#isWanted(partition))) return
    const subject = `evt.${partition}`
    await Promise.all(events.map((event) => publisher.publish({ subject, id: String(event.position), payload: encodeEvent(event) })))
  }

  /** Who does not know is on the safe side when it publishes. */
  #isWanted(partition: Partition): Promise<boolean> {
    return this.#interests[partition]!.isThere().catch(() => true)
  }

  async #countConsumers(partition: Partition): Promise<number> {
    return (await this.#jsm.streams.info(eventStream(partition))).state.consumer_count
  }

  /** Ends when no publisher goes by what it knew before. */
  async register(consumer: string): Promise<void> {
    const add = (partition: Partition) => ensureConsumer(this.#jsm, eventStream(partition), eventConsumer(consumer), this.#logger)
    await this.#inAllPartitions(consumer, add)
    await sleep(2 * TRUSTED_MS)
  }

  async remove(consumer: string): Promise<void> {
    await this.#inAllPartitions(consumer, async (partition) => {
      try {
        await this.#jsm.consumers.delete(eventStream(partition), consumer)
      } catch (error) {
        if (!hasCode(error, CODE.consumerNotFound)) throw error
      }
    })
  }

  /** Partitions advance independently: one whose events cannot be handled does not hold up the others. Also ends when the consumer is removed. */
  async consume(consumer: string, handle: Handle, signal: AbortSignal): Promise<void> {
    await this.#inAllPartitions(consumer, (partition) => this.#jsm.consumers.info(eventStream(partition), consumer))
    const ended = AbortSignal.any([signal, this.#closed.signal])
    const running = this.#inAllPartitions(consumer, (partition) => this.#feed(partition, consumer, handle).run(ended))
    this.#consuming.add(running)
    await running
    this.#consuming.delete(running)
  }

  #feed(partition: Partition, consumer: string, handle: Handle): PinnedFeed {
    const deps = { jsm: this.#jsm, logger: this.#logger, loop: this.#loop }
    return new PinnedFeed(deps, eventStream(partition), consumer, toHandler(partition, handle))
  }

  async #inAllPartitions(consumer: string, act: (partition: Partition) => Promise<unknown>): Promise<void> {
    try {
      await Promise.all(this.#publishers.map((_, partition) => act(partition)))
    } catch (error) {
      throw portError(`consumer ${consumer}`, error)
    }
  }

  /** Ends all consumers, after the batch that each has under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort()
    await Promise.all([...this.#consuming, ...this.#publishers.map((publisher) => publisher.settled())])
    this.#loop[Symbol.dispose]()
  }
}

/** Begins after what was acknowledged, and leaves out positions that were published twice. */
function toHandler(partition: Partition, handle: Handle): FeedHandler {
  let handled = -1n
  return {
    start: async () => undefined,
    async deliver(messages: readonly JsMsg[]) {
      const events = newOnes(
        messages.map(({ data }) => decodeEvent(data)),
        handled,
      )
      if (events.length > 0) await handle(partition, events)
      handled = events.at(-1)?.position ?? handled
    },
  }
}

/** Those whose position is higher than every one before. */
function newOnes(events: readonly SequencedEvent[], handled: bigint): readonly SequencedEvent[] {
  let highest = handled
  return events.filter(({ position }) => {
    if (position <= highest) return false
    highest = position
    return true
  })
}
