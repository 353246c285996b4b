import type { ReceiptMarkResult } from '#gen/chat4all/v1/receipt_service_pb.js'
import { type Api, withSignal } from './api.ts'
import { backoffMs, retry } from './backoff.ts'
import { toChatError } from './errors.ts'

/** How long marks gather before they are sent. */
const BATCH_MS = 1_000
/** The server takes at most this many conversations per call. */
const MAX_MARKS = 100
/** What can't be sent by then is dropped at closing: the next delivered message raises the watermark again. */
const CLOSE_TIMEOUT_MS = 2_000
/** Refusals that pass. */
const PASSING = new Set(['CONFLICT', 'RATE_LIMITED', 'STORAGE_FULL', 'ENGINE_UNAVAILABLE', 'SHUTTING_DOWN'])

interface Mark {
  readonly deliveredThrough: bigint
  readonly readThrough: bigint
}

/** Gathers receipts, and sends the highest of each conversation once a second. Failed ones go with the next batch. */
export class ReceiptBatcher {
  readonly #api: Api
  readonly #actAs: string | undefined
  #marks = new Map<string, Mark>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #sending: Promise<void> = Promise.resolve()
  #failures = 0
  #closed = false

  constructor(api: Api, actAs?: string) {
    this.#api = api
    this.#actAs = actAs
  }

  markDelivered(conversationId: string, throughSequence: bigint): void {
    this.#raise(conversationId, { deliveredThrough: throughSequence, readThrough: 0n })
    this.#schedule(BATCH_MS)
  }

  markRead(conversationId: string, throughSequence: bigint): void {
    this.#raise(conversationId, { deliveredThrough: throughSequence, readThrough: throughSequence })
    this.#schedule(BATCH_MS)
  }

  /** Sends what has gathered now. Throws ChatError when that fails; the marks are kept for the next try. */
  flush(signal?: AbortSignal): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#sending = this.#sending.catch(() => {}).then(() => this.#sendAll(signal))
    return this.#sending
  }

  async close(): Promise<void> {
    this.#closed = true
    const signal = AbortSignal.timeout(CLOSE_TIMEOUT_MS)
    await retry(() => this.flush(signal), { signal }).catch(() => {})
  }

  #raise(conversationId: string, { deliveredThrough, readThrough }: Mark): void {
    const known = this.#marks.get(conversationId) ?? { deliveredThrough: 0n, readThrough: 0n }
    this.#marks.set(conversationId, {
      deliveredThrough: highest(known.deliveredThrough, deliveredThrough),
      readThrough: highest(known.readThrough, readThrough),
    })
  }

  #schedule(ms: number): void {
    if (this.#closed) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.flush().then(
        () => {
          this.#failures = 0
        },
        (thrown) => this.#retryLater(thrown),
      )
    }, ms)
  }

  #retryLater(thrown: unknown): void {
    const error = toChatError(thrown)
    if (error.retryable) this.#schedule(BATCH_MS + backoffMs(++this.#failures, error))
    else this.#marks.clear()
  }

  async #sendAll(signal?: AbortSignal): Promise<void> {
    // Counted beforehand: marks that are kept for later wait for later.
    for (let batches = Math.ceil(this.#marks.size / MAX_MARKS); batches > 0; batches--) await this.#sendBatch(signal)
  }

  async #sendBatch(signal?: AbortSignal): Promise<void> {
    const batch = [...this.#marks].slice(0, MAX_MARKS)
    for (const [conversationId] of batch) this.#marks.delete(conversationId)
    try {
      const marks = batch.map(([conversationId, mark]) => ({ conversationId, ...mark }))
      const { results } = await this.#api.receipts.markReceipts({ userId: this.#actAs ?? '', marks }, withSignal(signal))
      const again = new Set(results.filter(isPassing).map(({ conversationId }) => conversationId))
      this.#keep(batch.filter(([conversationId]) => again.has(conversationId)))
      if (again.size > 0) this.#schedule(BATCH_MS)
    } catch (error) {
      this.#keep(batch)
      throw error
    }
  }

  #keep(batch: readonly (readonly [string, Mark])[]): void {
    for (const [conversationId, mark] of batch) this.#raise(conversationId, mark)
  }
}

const isPassing = ({ errorReason }: ReceiptMarkResult): boolean => PASSING.has(errorReason)
const highest = (a: bigint, b: bigint): bigint => (a > b ? a : b)
