import type { Logger } from '@chat4all/base'
import { HandOver } from '@chat4all/ports'
import type { ConsumerInfo, ConsumerMessages, JetStreamManager, JsMsg } from '@nats-io/jetstream'
import { pause } from '../backoff.ts'
import { CODE, hasCode } from '../errors.ts'
import { PINNED } from '../topology/table.ts'
import { DeliveryWindow } from './delivery-window.ts'
import type { LoopWatch } from './loop-watch.ts'

const PAUSE_AFTER_FAILURE_MS = 200
const MAX_BATCH = 500
/** After a reset the first message is there within milliseconds: if it is not, it was lost. */
const STALLED_MS = 2_000
/** How long others have to take over what was given away. */
const YIELD_MS = 2_000
/** The client's defaults notice a change of the consumer's leader after 30 s; asking every 2 s also keeps the pin. */
const CONSUME = { group: PINNED.group, max_messages: 500, expires: 2_000, idle_heartbeat: 500, bind: true } as const

/** What is to be done with the messages of a pinned consumer. */
export interface FeedHandler {
  /** The position after which to begin; undefined: after what the consumer has acknowledged. */
  start(): Promise<number | undefined>
  /** The next messages, without a gap. They are acknowledged when it resolves. Throws `HandOver` to give the pin away. */
  deliver(messages: readonly JsMsg[]): Promise<void>
}

/** What the client's type of a consumer's state leaves out (ADR-42 of NATS). */
type PinnedInfo = ConsumerInfo & { readonly priority_groups?: readonly { readonly pinned_client_id?: string }[] }

export interface FeedDeps {
  readonly jsm: JetStreamManager
  readonly logger: Logger
  readonly loop: LoopWatch
}

/** Delivers a stream through a pinned consumer: of all feeds of a consumer, in all processes, one is active.
 *
 *  The rules, each of which closes a way to lose or swap messages:
 *  - a new pin drops what is here, waits for the delivery under way, asks where to begin, and resets the consumer to it;
 *  - only an unbroken run after that reset is delivered (DeliveryWindow);
 *  - each message is acknowledged by itself, after its delivery, and only if nothing began anew meanwhile;
 *  - who goes makes the consumer begin behind its last delivery and gives the pin back, so that the next one has it at once. */
export class PinnedFeed {
  readonly #deps: FeedDeps
  readonly #stream: string
  readonly #consumer: string
  readonly #handler: FeedHandler
  readonly #window = new DeliveryWindow()
  #buffer: JsMsg[] = []
  #wake: (() => void) | undefined
  #stalled: NodeJS.Timeout | undefined
  #yielding = false
  #gone = false

  constructor(deps: FeedDeps, stream: string, consumer: string, handler: FeedHandler) {
    this.#deps = deps
    this.#stream = stream
    this.#consumer = consumer
    this.#handler = handler
  }

  get pinned(): boolean {
    return this.#window.pin !== undefined
  }

  /** Gives the pin away, and does not ask for it for a while. */
  yield(): void {
    this.#yielding = true
    this.#wake?.()
  }

  /** Resolves when the signal has aborted and the delivery under way has ended, or when the consumer or the stream was deleted. */
  async run(signal: AbortSignal): Promise<void> {
    const wake = () => this.#wake?.()
    signal.addEventListener('abort', wake)
    while (!signal.aborted && !this.#gone) {
      await this.#session(signal).catch((error: unknown) => (isGone(error) ? this.#end() : this.#failed('consuming', error, signal)))
      if (this.#yielding) await pause(YIELD_MS * (0.5 + Math.random()), signal)
      this.#yielding = false
    }
    signal.removeEventListener('abort', wake)
  }

  /** From asking for the pin until giving it back. */
  async #session(signal: AbortSignal): Promise<void> {
    const consumer = await this.#deps.jsm.jetstream().consumers.get(this.#stream, this.#consumer)
    const messages = await consumer.consume({ ...CONSUME, callback: (message) => this.#receive(message) })
    const watching = this.#watch(messages)
    let open = true
    void messages.closed().then(() => {
      open = false
      this.#wake?.()
    })
    while (open && !signal.aborted && !this.#yielding && !this.#gone) {
      await this.#advance().catch((error: unknown) => this.#failed('delivering', error, signal))
    }
    await messages.close()
    await watching
    await this.#release().catch((error: unknown) =>
      this.#deps.logger.warn({ ...this.#where, error }, 'the pin was not given back: it runs out'),
    )
  }

  async #advance(): Promise<void> {
    if (this.#window.needsStart) return this.#start()
    if (this.#buffer.length > 0) return this.#deliver()
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }

  async #start(): Promise<void> {
    const { epoch } = this.#window
    this.#buffer = []
    this.#window.beginStart()
    try {
      const after = await this.#handler.start()
      const from = after === undefined ? undefined : await this.#firstAfter(after)
      if (epoch !== this.#window.epoch) return
      await this.#resetTo(from)
    } catch (error) {
      if (epoch === this.#window.epoch) this.#window.restart()
      throw error
    }
  }

  /** Nothing is ever deleted but what is older than the retention: there are no holes behind the first message. */
  async #firstAfter(position: number): Promise<number> {
    const { first_seq, last_seq } = (await this.#deps.jsm.streams.info(this.#stream)).state
    if (position > last_seq)
      throw new Error(
        `the stream ends at ${last_seq}, before the checkpoint ${position}: an older state was restored; delete it, and it is made anew`,
      )
    if (position === 0 || position + 1 >= first_seq) return Math.max(position + 1, first_seq)
    this.#deps.logger.error(
      { ...this.#where, position, first: first_seq },
      'messages behind the checkpoint were older than the retention, or in a stream that was deleted: they are gone',
    )
    return first_seq
  }

  /** Messages may come before the answer. */
  async #resetTo(from: number | undefined): Promise<void> {
    this.#window.awaitFrom(from)
    const { num_pending } = await this.#deps.jsm.consumers.reset(this.#stream, this.#consumer, from)
    if (num_pending > 0) this.#expectSoon()
  }

  async #deliver(): Promise<void> {
    if (this.#deps.loop.wasBlockedFor(PINNED.timeoutMs) && !(await this.#isStillPinned())) return this.#lose()
    const { epoch } = this.#window
    const messages = this.#buffer.splice(0, MAX_BATCH)
    if (messages.length === 0) return
    try {
      await this.#handler.deliver(messages)
    } catch (error) {
      if (epoch === this.#window.epoch) this.#window.restart()
      throw error
    }
    if (epoch !== this.#window.epoch) return
    this.#window.complete(messages.at(-1)!.seq)
    for (const message of messages) message.ack()
  }

  #receive(message: JsMsg): void {
    const pin = message.headers?.get('Nats-Pin-Id') ?? ''
    const { streamSequence: position, deliverySequence: delivery } = message.info
    switch (this.#window.offer({ pin, position, delivery })) {
      case 'take':
        this.#take(message)
        break
      case 'ack':
        message.ack()
        break
      case 'restart':
        this.#buffer = []
        this.#wake?.()
        break
      case 'stalled':
        this.#expectSoon()
        break
      case 'drop':
    }
  }

  #take(message: JsMsg): void {
    clearTimeout(this.#stalled)
    this.#stalled = undefined
    this.#buffer.push(message)
    this.#wake?.()
  }

  /** Begins anew unless a message is taken soon. */
  #expectSoon(): void {
    if (this.#stalled || !this.#window.isWaiting) return
    const { epoch } = this.#window
    this.#stalled = setTimeout(() => {
      this.#stalled = undefined
      if (epoch !== this.#window.epoch) return
      this.#window.restart()
      this.#wake?.()
    }, STALLED_MS)
  }

  async #watch(messages: ConsumerMessages): Promise<void> {
    for await (const { type } of messages.status()) {
      if (type === 'consumer_unpinned') this.#lose()
      if (type === 'consumer_deleted' || type === 'consumer_not_found') this.#end()
      if (type === 'heartbeats_missed') this.#deps.logger.debug(this.#where, 'the server is silent')
    }
  }

  /** Whoever has the pin now, what is here is theirs. */
  #lose(): void {
    this.#buffer = []
    this.#window.unpin()
    this.#wake?.()
  }

  #end(): void {
    this.#gone = true
    this.#wake?.()
  }

  async #isStillPinned(): Promise<boolean> {
    const info: PinnedInfo = await this.#deps.jsm.consumers.info(this.#stream, this.#consumer)
    return info.priority_groups?.some(({ pinned_client_id }) => pinned_client_id === this.#window.pin) ?? false
  }

  /** Without the reset, what is not acknowledged would wait for its time to run out before anybody else gets it. The position is named, since the last acknowledgements may not have been seen yet. */
  async #release(): Promise<void> {
    clearTimeout(this.#stalled)
    this.#stalled = undefined
    const { done } = this.#window
    const held = this.pinned && !this.#gone && (await this.#isStillPinned())
    this.#lose()
    if (!held) return
    if (done !== undefined) await this.#deps.jsm.consumers.reset(this.#stream, this.#consumer, done + 1)
    await this.#deps.jsm.consumers.unpin(this.#stream, this.#consumer, PINNED.group)
  }

  async #failed(what: string, error: unknown, signal: AbortSignal): Promise<void> {
    this.#buffer = []
    if (error instanceof HandOver) return this.yield()
    if (!signal.aborted) this.#deps.logger.warn({ ...this.#where, err: error }, `${what} failed: beginning anew`)
    await pause(PAUSE_AFTER_FAILURE_MS, signal)
  }

  get #where() {
    return { stream: this.#stream, consumer: this.#consumer }
  }
}

function isGone(error: unknown): boolean {
  return hasCode(error, CODE.consumerNotFound) || hasCode(error, CODE.streamNotFound)
}
