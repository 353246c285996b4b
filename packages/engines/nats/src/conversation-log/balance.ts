import type { Logger } from '@chat4all/base'
import { type NatsConnection, nuid, type Subscription } from '@nats-io/nats-core'

const SUBJECT = 'sequencers.alive'
const TICK_MS = 1_000
/** A process that said nothing for so long is gone. */
const GONE_MS = 3_500
/** A count has to hold for so long: processes often come in groups. */
const SETTLED_MS = 2_000

/** Something that is owned, and can be given to another process. */
export interface Holding {
  readonly pinned: boolean
  yield(): void
}

/** Spreads partitions over processes: every process says each second that it is there, and one that holds more than its share, ceil(partitions / processes), gives the surplus away. Whoever gets it, no process is left with more for long. */
export class Balance implements AsyncDisposable {
  readonly #connection: NatsConnection
  readonly #logger: Logger
  readonly #partitions: number
  readonly #id = nuid.next()
  readonly #seenAt = new Map<string, number>()
  readonly #holdings = new Set<Holding>()
  #count = 1
  #countSince = 0
  #subscription: Subscription | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(connection: NatsConnection, partitions: number, logger: Logger) {
    this.#connection = connection
    this.#partitions = partitions
    this.#logger = logger
  }

  /** Takes part while there is something to hold. */
  add(holding: Holding): void {
    this.#holdings.add(holding)
    if (this.#timer) return
    this.#subscription = this.#connection.subscribe(SUBJECT, { callback: (_, message) => this.#heard(message.string()) })
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
    this.#say(this.#id)
  }

  remove(holding: Holding): void {
    this.#holdings.delete(holding)
    if (this.#holdings.size === 0) this.#leave()
  }

  #tick(): void {
    this.#say(this.#id)
    const now = performance.now()
    for (const [id, at] of this.#seenAt) if (now - at > GONE_MS) this.#seenAt.delete(id)
    if (this.#processes !== this.#count) {
      this.#count = this.#processes
      this.#countSince = now
    }
    if (now - this.#countSince >= SETTLED_MS) this.#giveSurplus()
  }

  #giveSurplus(): void {
    const held = [...this.#holdings].filter(({ pinned }) => pinned)
    const surplus = held.slice(Math.ceil(this.#partitions / this.#count))
    if (surplus.length === 0) return
    this.#logger.info({ held: held.length, processes: this.#count, given: surplus.length }, 'giving partitions to other processes')
    for (const holding of surplus) holding.yield()
  }

  get #processes(): number {
    return Math.max(1, this.#seenAt.size)
  }

  /** `-id` is a good-bye. */
  #heard(text: string): void {
    if (text.startsWith('-')) this.#seenAt.delete(text.slice(1))
    else this.#seenAt.set(text, performance.now())
  }

  #say(text: string): void {
    if (!this.#connection.isClosed()) this.#connection.publish(SUBJECT, text)
  }

  #leave(): void {
    if (!this.#timer) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#subscription?.unsubscribe()
    this.#say(`-${this.#id}`)
    this.#seenAt.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave()
  }
}
