import { ChatError } from '@chat4all/base'

/** How often the event loop's delay is looked at. */
const SAMPLE_MS = 20

/** Refuses sends early when there are more than can be answered soon: what is accepted stays fast, and callers learn to wait. */
export class Admission {
  readonly #maxInFlight: number
  readonly #maxLoopDelayMs: number
  readonly #timer: NodeJS.Timeout
  #inFlight = 0
  #loopDelayMs = 0
  #sampledAt = performance.now()

  constructor(limits: { readonly maxSendsInFlight: number; readonly maxLoopDelayMs: number }) {
    this.#maxInFlight = limits.maxSendsInFlight
    this.#maxLoopDelayMs = limits.maxLoopDelayMs
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS)
    this.#timer.unref()
  }

  /** Takes a place, to be given back with `leave`. Throws RATE_LIMITED. */
  enter(): void {
    if (this.#inFlight >= this.#maxInFlight || this.#loopDelayMs > this.#maxLoopDelayMs)
      throw new ChatError('RATE_LIMITED', 'The server is overloaded. Try again after the given time.', {
        retryAfterMs: 100 + Math.floor(Math.random() * 400),
      })
    this.#inFlight++
  }

  leave(): void {
    this.#inFlight--
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #sample(): void {
    const now = performance.now()
    this.#loopDelayMs = now - this.#sampledAt - SAMPLE_MS
    this.#sampledAt = now
  }
}
