/** A message as the server numbered it. */
export interface Delivery {
  /** Whom the server has pinned: a new id is a new owner. */
  readonly pin: string
  /** Position in the stream. */
  readonly position: number
  /** Counts what this consumer was sent, from 1 after each reset. */
  readonly delivery: number
}

/** What to do with a message: `take` it as the next one, `ack` it again since it is done, `drop` it, begin anew (`restart`), or
 *  `stalled`: begin anew unless the first one after the reset comes soon. */
export type Verdict = 'take' | 'ack' | 'drop' | 'restart' | 'stalled'

/** Judges the messages of a pinned consumer, so that what is taken has no gap and no repeat.
 *
 *  The server does not deliver again at once what a former owner held, but goes on with newer messages; it repeats in
 *  any order, and what was on its way before a reset arrives after it. So an owner resets the consumer to its own
 *  checkpoint first, and then takes only a run that begins with delivery 1 and has no jump in either number. */
export class DeliveryWindow {
  #pin: string | undefined
  #state: 'lost' | 'starting' | 'waiting' | 'active' = 'lost'
  /** The position that comes next. Undefined when the server knows where to begin. */
  #expected: number | undefined
  #nextDelivery = 1
  #done: number | undefined
  #epoch = 0

  /** Whose deliveries count now, if anybody's. */
  get pin(): string | undefined {
    return this.#pin
  }

  /** Changes with everything that makes earlier deliveries void. */
  get epoch(): number {
    return this.#epoch
  }

  /** Everything up to here was done by this owner. Undefined before it has begun. */
  get done(): number | undefined {
    return this.#done
  }

  get needsStart(): boolean {
    return this.#pin !== undefined && this.#state === 'lost'
  }

  /** The consumer was reset, and nothing of the new run has come. */
  get isWaiting(): boolean {
    return this.#state === 'waiting'
  }

  /** The position is being looked up: what comes meanwhile is void. */
  beginStart(): void {
    this.#state = 'starting'
  }

  /** A reset to `from` is about to be sent. Undefined: to what the server knows to be acknowledged. */
  awaitFrom(from: number | undefined): void {
    this.#state = 'waiting'
    this.#expected = from
    this.#done = from === undefined ? undefined : from - 1
  }

  /** Everything up to a position is done. */
  complete(position: number): void {
    this.#done = position
  }

  /** Begin anew, as the same owner. */
  restart(): void {
    this.#state = 'lost'
    this.#epoch += 1
  }

  /** Somebody else may be the owner now. */
  unpin(): void {
    this.#pin = undefined
    this.#done = undefined
    this.restart()
  }

  offer({ pin, position, delivery }: Delivery): Verdict {
    if (pin !== this.#pin) {
      this.unpin()
      this.#pin = pin
      return 'restart'
    }
    if (this.#state === 'waiting') return this.#offerFirst(position, delivery)
    if (this.#state === 'active') return this.#offerNext(position, delivery)
    return 'drop'
  }

  #offerFirst(position: number, delivery: number): Verdict {
    if (delivery !== 1) return 'stalled'
    this.#expected ??= position
    this.#state = 'active'
    this.#nextDelivery = 1
    return this.#offerNext(position, delivery)
  }

  #offerNext(position: number, delivery: number): Verdict {
    const expected = this.#expected!
    if (delivery !== this.#nextDelivery || position > expected) {
      this.restart()
      return 'restart'
    }
    this.#nextDelivery += 1
    if (position < expected) return this.#seenBefore(position)
    this.#expected = position + 1
    return 'take'
  }

  /** Without another acknowledgement it would come for ever. One that was taken and is not done will be acknowledged then. */
  #seenBefore(position: number): Verdict {
    return position <= (this.#done ?? 0) ? 'ack' : 'drop'
  }
}
