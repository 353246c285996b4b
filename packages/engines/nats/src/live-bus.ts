import { setTimeout as sleep } from 'node:timers/promises'
import { EngineUnavailable, type LiveBus, type LiveHandler, type LossHandler, type Unsubscribe } from '@chat4all/ports'
import type { Msg, NatsConnection, Status, Subscription } from '@nats-io/nats-core'
import { ClusterBarrier } from './live-bus/cluster-barrier.ts'

/** On this subject a publisher says that messages of its own may have been lost. */
const LOSS_SUBJECT = 'live-loss.publisher'
/** A half-open connection is noticed after two pings, 5 s apart: what was published since may be lost. */
const UNSURE_MS = 11_000

/** A server that is frozen, or one that is just gone, keeps the others waiting. */
const REJOIN_MS = 250

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
  readonly #lossHandlers = new Set<{ readonly handler: LossHandler }>()
  readonly #statuses: Statuses
  readonly #watching: Promise<void>
  readonly #lossNotices: Subscription
  readonly #barrier: ClusterBarrier
  #flushing: Promise<void> | undefined
  #connected = true
  #disconnects = 0
  /** Whether every subscription works. */
  #certain = true
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
    this.#lossNotices = connection.subscribe(LOSS_SUBJECT, { callback: () => this.#lostByPublisher() })
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
      if (error) return
      // The news of the connection may come after its first message.
      if (!this.#connected) this.#restored()
      for (const { handler } of handlers) call(handler, message.data, subject)
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

  async flush(): Promise<void> {
    const before = this.#disconnects
    try {
      await this.#connection.flush()
    } catch (error) {
      throw new EngineUnavailable('the live bus: not connected', error)
    }
    if (!this.#connected || this.#disconnects !== before) throw new EngineUnavailable('the live bus: the connection broke')
  }

  onLoss(handler: LossHandler): Unsubscribe {
    const entry = { handler }
    this.#lossHandlers.add(entry)
    return () => this.#lossHandlers.delete(entry)
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#statuses) {
      if (type === 'disconnect') this.#lost()
      if (type === 'reconnect' && !this.#connected) this.#restored()
    }
  }

  #lost(): void {
    if (this.#connected && performance.now() - this.#publishedAt < UNSURE_MS) this.#publishedLoss = true
    this.#connected = false
    this.#certain = false
    this.#disconnects += 1
    this.#lossBegan()
  }

  /** Subscribers hear of the loss before what is published from now on. Here it is over when the subscriptions are certain to work again. */
  #restored(): void {
    this.#connected = true
    if (this.#publishedLoss) this.#connection.publish(LOSS_SUBJECT)
    this.#publishedLoss = false
    void this.#rejoin(this.#disconnects)
  }

  /** A notice while this bus itself is cut off changes nothing: its own loss goes on. */
  #lostByPublisher(): void {
    if (!this.#connected) this.#restored()
    this.#lossBegan()
    if (this.#certain) this.#lossOver()
  }

  /** Repeats until it is certain, or the connection is another one. */
  async #rejoin(connection: number): Promise<void> {
    while (this.#disconnects === connection && !this.#connection.isClosed()) {
      if (await this.#isCertain()) {
        if (this.#disconnects !== connection) return
        this.#certain = true
        return this.#lossOver()
      }
      await sleep(REJOIN_MS)
    }
  }

  async #isCertain(): Promise<boolean> {
    try {
      if (this.#inCluster) await this.#barrier.join()
      await this.#flush()
      return true
    } catch {
      return false
    }
  }

  #lossBegan(): void {
    for (const { handler } of this.#lossHandlers) handler.began()
  }

  #lossOver(): void {
    for (const { handler } of this.#lossHandlers) handler.over()
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
