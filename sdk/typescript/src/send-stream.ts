import type { SendMessageRequest, SendMessageResponse, SendResult } from '#gen/chat4all/v1/message_service_pb.js'
import type { Api } from './api.ts'
import { backoffMs, sleep } from './backoff.ts'
import { abortedError, type ChatError, closedError, connectionLost, statusError, toChatError } from './errors.ts'
import type { Outgoing, SendLane } from './send-lane.ts'

/** The server takes at most this many messages per request. */
const MAX_BATCH = 100
/** A stream without use closes after this time. */
const IDLE_MS = 10_000

interface Pending {
  readonly outgoing: Outgoing
  readonly answer: Promise<SendMessageResponse>
  readonly accept: (response: SendMessageResponse) => void
  readonly refuse: (error: ChatError) => void
  attempts: number
}

/**
 * All messages over one stream, opened with the first one and again when it breaks: then what is not acknowledged is sent
 * again, in order. Whatever is submitted while a request is written travels together in the next.
 */
export class StreamLane implements SendLane {
  readonly #api: Api
  readonly #closed = new AbortController()
  /** What is not acknowledged, in the order of sending. */
  readonly #pending = new Map<string, Pending>()
  #outbox: SendMessageRequest[] = []
  #wake: () => void = () => {}
  #running = false

  constructor(api: Api) {
    this.#api = api
  }

  async submit(outgoing: Outgoing): Promise<SendMessageResponse> {
    const { message, signal } = outgoing
    // The same id twice at once: the server compares the second with the first once that is decided.
    for (let twin = this.#pending.get(message.messageId); twin; twin = this.#pending.get(message.messageId)) {
      await twin.answer.catch(() => {})
    }
    if (signal.aborted) throw abortedError(signal)
    const pending = createPending(outgoing)
    signal.addEventListener('abort', () => this.#giveUp(pending), { once: true })
    this.#pending.set(message.messageId, pending)
    this.#push(message)
    if (!this.#running) void this.#run()
    return pending.answer
  }

  close(): void {
    this.#closed.abort(closedError())
    this.#refuseAll(closedError())
  }

  /** Keeps a stream open while there is something to send. */
  async #run(): Promise<void> {
    this.#running = true
    for (let attempt = 1; !this.#closed.signal.aborted; attempt++) {
      this.#outbox = [...this.#pending.values()].map(({ outgoing }) => outgoing.message)
      const { error, answered } = await this.#stream()
      if (this.#pending.size === 0) break
      if (!error.retryable) this.#refuseAll(error)
      for (const { outgoing } of this.#pending.values()) outgoing.lastError = error
      if (answered) attempt = 1
      await sleep(backoffMs(attempt, error), this.#closed.signal)
    }
    this.#running = false
  }

  /** One stream, from opening to end. */
  async #stream(): Promise<{ readonly error: ChatError; readonly answered: boolean }> {
    const attempt = new AbortController()
    const abort = () => attempt.abort(closedError())
    this.#closed.signal.addEventListener('abort', abort, { once: true })
    let answered = false
    try {
      for await (const { results } of this.#api.messages.sendStream(this.#requests(attempt.signal), { signal: attempt.signal })) {
        answered = true
        for (const result of results) this.#settle(result)
      }
      return { error: connectionLost('the server ended the stream'), answered }
    } catch (thrown) {
      return { error: toChatError(thrown), answered }
    } finally {
      this.#closed.signal.removeEventListener('abort', abort)
      attempt.abort()
    }
  }

  async *#requests(signal: AbortSignal): AsyncGenerator<{ messages: SendMessageRequest[] }> {
    while (!signal.aborted) {
      if (this.#outbox.length > 0) yield { messages: this.#outbox.splice(0, MAX_BATCH) }
      else if (!(await this.#pushedWithin(IDLE_MS, signal)) && this.#pending.size === 0) return
    }
  }

  #settle({ messageId, outcome }: SendResult): void {
    const pending = this.#pending.get(messageId)
    if (!pending || outcome.case === undefined) return
    if (outcome.case === 'accepted') return this.#take(pending)?.accept(outcome.value)
    const error = statusError(outcome.value)
    if (!error.retryable) return this.#take(pending)?.refuse(error)
    pending.outgoing.lastError = error
    void this.#pushLater(pending, backoffMs(++pending.attempts, error))
  }

  async #pushLater(pending: Pending, delayMs: number): Promise<void> {
    const { message, signal } = pending.outgoing
    await sleep(delayMs, signal)
    if (this.#pending.get(message.messageId) === pending && !this.#outbox.includes(message)) this.#push(message)
  }

  #giveUp(pending: Pending): void {
    const { message, signal } = pending.outgoing
    this.#outbox = this.#outbox.filter((waiting) => waiting !== message)
    this.#take(pending)?.refuse(abortedError(signal))
  }

  #push(message: SendMessageRequest): void {
    this.#outbox.push(message)
    this.#wake()
  }

  #pushedWithin(ms: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => finish(false), ms)
      const stop = () => finish(false)
      const finish = (pushed: boolean) => {
        clearTimeout(timer)
        signal.removeEventListener('abort', stop)
        resolve(pushed)
      }
      signal.addEventListener('abort', stop, { once: true })
      this.#wake = () => finish(true)
    })
  }

  /** Removes a message from what is pending. Undefined when it is not there any more. */
  #take(pending: Pending): Pending | undefined {
    const { messageId } = pending.outgoing.message
    if (this.#pending.get(messageId) !== pending) return undefined
    this.#pending.delete(messageId)
    return pending
  }

  #refuseAll(error: ChatError): void {
    for (const pending of [...this.#pending.values()]) this.#take(pending)?.refuse(error)
  }
}

function createPending(outgoing: Outgoing): Pending {
  let settle: Pick<Pending, 'accept' | 'refuse'> | undefined
  const answer = new Promise<SendMessageResponse>((accept, refuse) => {
    settle = { accept, refuse }
  })
  return { outgoing, answer, attempts: 0, ...settle! }
}
