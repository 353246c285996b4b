import type { LiveBus, LiveHandler, Unsubscribe } from '@chat4all/ports'
import type { Msg, NatsConnection, Status, Subscription } from '@nats-io/nats-core'
import { ClusterBarrier } from './live-bus/cluster-barrier.ts'

/** On this subject a publisher says that messages of its own may have been lost. */
const LOSS_SUBJECT = 'live-loss.publisher'
/** A half-open connection is noticed after two pings, 5 s apart: what was published since may be lost. */
const UNSURE_MS = 11_000

/** The client's type leaves out that it can be ended. */
type Statuses = AsyncIterable<Status> & { stop(): void }

/** One subject that somebody here follows. */
interface Topic {
  readonly subscription: Subscription
  readonly handlers: Set<{ readonly handler: LiveHandler }>
}

/** The live bus on core NATS: one subscription per subject and process, whatever the number of handlers. */
export class NatsLiveBus implements LiveBus {
  readonly #connection: NatsConnection
  readonly #topics = new Map<string, Topic>()
  readonly #lossHandlers = new Set<{ readonly handler: () => void }>()
  readonly #statuses: Statuses
  readonly #watching: Promise<void>
  readonly #lossNotices: Subscription
  readonly #barrier: ClusterBarrier
  #flushing: Promise<void> | undefined
  #connected = true
  #publishedAt = Number.NEGATIVE_INFINITY
  #publishedLoss = false

  /** The connection stays the caller's. Share it with nothing that moves much: a backlog would delay live messages. */
  static async open(connection: NatsConnection): Promise<NatsLiveBus> {
    const bus = new NatsLiveBus(connection)
    await connection.flush()
    if (bus.#inCluster) await bus.#barrier.join()
    return bus
  }

  private constructor(connection: NatsConnection) {
    this.#connection = connection
    this.#statuses = connection.status() as Statuses
    this.#watching = this.#watch()
    this.#barrier = new ClusterBarrier(connection)
    this.#lossNotices = connection.subscribe(LOSS_SUBJECT, { callback: () => this.#reportLoss() })
  }

  /** While there is no connection nothing is sent, and nothing is kept for later. */
  publish(subjects: readonly string[], payload: Uint8Array): void {
    if (subjects.length === 0) return
    this.#publishedAt = performance.now()
    if (!this.#connected || this.#connection.isClosed()) {
      this.#publishedLoss = true
      return
    }
    for (const subject of subjects) this.#connection.publish(subject, payload)
  }

  async subscribe(subject: string, handler: LiveHandler): Promise<Unsubscribe> {
    const topic = this.#topics.get(subject) ?? this.#follow(subject)
    const entry = { handler }
    topic.handlers.add(entry)
    await this.#flush()
    return () => this.#unsubscribe(subject, topic, entry)
  }

  #follow(subject: string): Topic {
    const handlers: Topic['handlers'] = new Set()
    const callback = (error: Error | null, message: Msg) => {
      if (!error) for (const { handler } of handlers) call(handler, message.data, subject)
    }
    const topic = { subscription: this.#connection.subscribe(subject, { callback }), handlers }
    this.#topics.set(subject, topic)
    return topic
  }

  #unsubscribe(subject: string, topic: Topic, entry: { readonly handler: LiveHandler }): void {
    if (!topic.handlers.delete(entry) || topic.handlers.size > 0) return
    topic.subscription.unsubscribe()
    if (this.#topics.get(subject) === topic) this.#topics.delete(subject)
  }

  /** One round trip for everything that was subscribed in a turn. */
  #flush(): Promise<void> {
    this.#flushing ??= this.#flushOnce()
    return this.#flushing
  }

  async #flushOnce(): Promise<void> {
    await Promise.resolve()
    this.#flushing = undefined
    await this.#connection.flush()
    if (this.#inCluster) await this.#barrier.pass()
  }

  get #inCluster(): boolean {
    return this.#connection.info?.cluster !== undefined
  }

  onLoss(handler: () => void): Unsubscribe {
    const entry = { handler }
    this.#lossHandlers.add(entry)
    return () => this.#lossHandlers.delete(entry)
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#statuses) {
      if (type === 'disconnect') this.#lost()
      if (type === 'reconnect') this.#restored()
    }
  }

  #lost(): void {
    if (this.#connected && performance.now() - this.#publishedAt < UNSURE_MS) this.#publishedLoss = true
    this.#connected = false
  }

  /** Subscribers hear of the loss before what is published from now on. Here it is said twice: at once, before later messages, and when the subscriptions are certain to work again. */
  #restored(): void {
    this.#connected = true
    if (this.#publishedLoss) this.#connection.publish(LOSS_SUBJECT)
    this.#publishedLoss = false
    this.#reportLoss()
    this.#rejoin().then(
      () => this.#reportLoss(),
      () => {}, // closed meanwhile, or cut off again
    )
  }

  async #rejoin(): Promise<void> {
    if (this.#inCluster) await this.#barrier.join()
    await this.#flush()
  }

  #reportLoss(): void {
    for (const { handler } of this.#lossHandlers) handler()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { subscription } of this.#topics.values()) subscription.unsubscribe()
    this.#lossNotices.unsubscribe()
    this.#barrier.leave()
    this.#topics.clear()
    this.#lossHandlers.clear()
    this.#statuses.stop()
    await this.#watching
  }
}

/** A handler must not throw; one that does must not take others with it. */
function call(handler: LiveHandler, payload: Uint8Array, subject: string): void {
  try {
    handler(payload, subject)
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error))
  }
}
