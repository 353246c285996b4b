import { ChatError } from '@chat4all/base'

export interface ConversationRateLimits {
  readonly conversationSendsPerSecond: number
  readonly conversationBurstSeconds: number
}

/** Conversations of half a memory at most; with more, the older half is forgotten sooner, and may start a new burst. About 20 MB. */
const MAX_CONVERSATIONS = 100_000

/** Room for one more comes within this time: the lowest rate is one a second. */
const RETRY_AFTER_MS = 1_000

/** One token bucket for each conversation: a hot one is refused what would make the others wait. Counts what goes through this process.
 *  A bucket is the moment at which it will be full again, and one that is full needs no memory: no timer, no sweep, two look-ups a send. */
export class ConversationRate {
  readonly #intervalMs: number
  readonly #burstMs: number
  readonly #refusal: ChatError
  #newer = new Map<string, number>()
  /** Not used since the last turn: full again when the next one comes. */
  #older = new Map<string, number>()
  #turnAt = 0

  constructor({ conversationSendsPerSecond: rate, conversationBurstSeconds }: ConversationRateLimits) {
    this.#intervalMs = 1_000 / rate
    this.#burstMs = conversationBurstSeconds * 1_000
    this.#refusal = tooMany(rate)
  }

  /** Takes a token, or throws RATE_LIMITED. `now` is in milliseconds and never steps back. */
  take(conversationId: string, now: number): void {
    if (now >= this.#turnAt || this.#newer.size >= MAX_CONVERSATIONS) this.#turn(now)
    const fullAt = this.#newer.get(conversationId) ?? this.#older.get(conversationId) ?? now
    const next = Math.max(fullAt, now) + this.#intervalMs
    if (next > now + this.#burstMs) throw this.#refusal
    this.#newer.set(conversationId, next)
  }

  #turn(now: number): void {
    this.#older = now < this.#turnAt + this.#burstMs ? this.#newer : new Map()
    this.#newer = new Map()
    this.#turnAt = now + this.#burstMs
  }
}

/** Made once: there may be tens of thousands of refusals a second. */
function tooMany(rate: number): ChatError {
  const message = `The conversation gets more than ${rate} messages and changes a second. Try again after the given time.`
  return new ChatError('RATE_LIMITED', message, { retryAfterMs: RETRY_AFTER_MS, metadata: { limit: `${rate}`, scope: 'conversation' } })
}
