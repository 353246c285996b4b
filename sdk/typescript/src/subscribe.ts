import type { SubscribeResponse } from '#gen/chat4all/v1/live_service_pb.js'
import type { Api } from './api.ts'
import { backoffMs, sleep } from './backoff.ts'
import { type ChatError, connectionLost, toChatError } from './errors.ts'
import { type ConversationEvent, type LiveEvent, toConversationEvent, toSnapshotEvent } from './events.ts'
import { GapFilter } from './gap-filter.ts'
import { patiently } from './patience.ts'
import type { ReceiptBatcher } from './receipts.ts'

/** What to follow. */
export interface SubscribeOptions {
  /** Where to go on: from an earlier subscription or `sync`. Default: from now on. */
  readonly cursor?: string
  /** Called when the app has taken everything up to a cursor. Store it to go on from there after a restart. */
  readonly onCursor?: (cursor: string) => void
  /** Whether messages count as delivered once the app has taken them. Default true. */
  readonly autoDelivered?: boolean
  /** Ends the subscription. */
  readonly signal?: AbortSignal
}

/** The server answers a new stream at once. */
const FIRST_ANSWER_MS = 10_000
const MISSED_HEARTBEATS = 3
/** A stream that lived this long was fine: the next wait starts small again. */
const HEALTHY_MS = 5_000
/** Errors that opening the stream again does not cure. */
const FINAL_CODES = new Set<ChatError['code']>([
  'invalid_argument',
  'unauthenticated',
  'permission_denied',
  'not_found',
  'failed_precondition',
  'unimplemented',
])

/**
 * A live feed that survives disconnects. Iterate it once, with `for await`; leaving the loop ends it. A `cursor` covers
 * what the loop has finished with, so after a crash events may come again, never be missing.
 */
export class Subscription implements AsyncIterable<LiveEvent> {
  readonly #api: Api
  readonly #userId: string
  readonly #receipts: ReceiptBatcher
  readonly #options: SubscribeOptions
  readonly #onEnd: () => void
  readonly #gaps: GapFilter
  readonly #ended = new AbortController()
  #cursor: string
  #silenceMs = FIRST_ANSWER_MS
  #user = ''

  constructor(api: Api, userId: string, receipts: ReceiptBatcher, options: SubscribeOptions, onEnd: () => void) {
    this.#api = api
    this.#userId = userId
    this.#receipts = receipts
    this.#options = options
    this.#onEnd = onEnd
    this.#gaps = new GapFilter(api)
    this.#cursor = options.cursor ?? ''
  }

  /** Where the app stands. */
  get cursor(): string {
    return this.#cursor
  }

  /** Ends the loop that iterates this. */
  close(): void {
    this.#ended.abort()
    this.#onEnd()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LiveEvent> {
    const end = () => this.close()
    this.#options.signal?.addEventListener('abort', end, { once: true })
    if (this.#options.signal?.aborted) end()
    try {
      yield* this.#follow()
    } finally {
      this.#options.signal?.removeEventListener('abort', end)
      this.close()
    }
  }

  /** Stream after stream, until the subscription ends or an error is final. */
  async *#follow(): AsyncGenerator<LiveEvent> {
    const { signal } = this.#ended
    for (let attempt = 1; !signal.aborted; attempt++) {
      const openedAt = Date.now()
      const error = yield* this.#stream()
      if (signal.aborted) return
      if (isFinal(error)) throw error
      if (Date.now() - openedAt > HEALTHY_MS) attempt = 1
      const retryInMs = backoffMs(attempt, error)
      yield { kind: 'disconnected', error, retryInMs }
      await sleep(retryInMs, signal)
    }
  }

  /** One stream, from opening to end. Returns why it ended. */
  async *#stream(): AsyncGenerator<LiveEvent, ChatError> {
    const attempt = new AbortController()
    const end = () => attempt.abort()
    this.#ended.signal.addEventListener('abort', end, { once: true })
    this.#silenceMs = FIRST_ANSWER_MS
    try {
      if (!this.#cursor) await this.#start(attempt.signal)
      const request = { userId: this.#userId, cursor: this.#cursor }
      const responses = this.#api.live.subscribe(request, { signal: attempt.signal })
      for await (const response of patiently(responses, () => this.#silenceMs)) yield* this.#take(response, attempt.signal)
      return connectionLost('the server ended the stream')
    } catch (thrown) {
      return toChatError(thrown)
    } finally {
      this.#ended.signal.removeEventListener('abort', end)
      attempt.abort()
    }
  }

  /** Takes a cursor of now, so that nothing is missed from here on, even if the stream breaks before it brings its first cursor. */
  async #start(signal: AbortSignal): Promise<void> {
    const { cursor } = await this.#api.sync.syncChanges({ userId: this.#userId }, { signal })
    this.#moveTo(cursor)
  }

  /** The cursor moves only after the app has come back for more: until then it may still lose what it was given. */
  async *#take({ ready, snapshots, events, caughtUp, cursor }: SubscribeResponse, signal: AbortSignal): AsyncGenerator<LiveEvent> {
    if (ready) {
      this.#user = ready.userId
      this.#silenceMs = MISSED_HEARTBEATS * ready.heartbeatSeconds * 1000 || FIRST_ANSWER_MS
      yield { kind: 'connected', userId: ready.userId }
    }
    for (const snapshot of snapshots) yield* this.#gaps.pass(toSnapshotEvent(snapshot), signal)
    for (const event of events) {
      const change = toConversationEvent(event)
      if (change) yield* this.#deliver(change, signal)
    }
    if (caughtUp) yield { kind: 'caughtUp' }
    if (cursor) this.#moveTo(cursor)
  }

  async *#deliver(event: ConversationEvent, signal: AbortSignal): AsyncGenerator<LiveEvent> {
    for await (const change of this.#gaps.pass(event, signal)) {
      yield change
      if (this.#options.autoDelivered === false || change.kind !== 'messageCreated' || change.value.from === this.#user) continue
      this.#receipts.markDelivered(change.conversationId, change.value.sequence)
    }
  }

  #moveTo(cursor: string): void {
    this.#cursor = cursor
    this.#options.onCursor?.(cursor)
  }
}

const isFinal = (error: ChatError): boolean => !error.retryable && FINAL_CODES.has(error.code)
