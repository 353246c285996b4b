import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { newId } from '@chat4all/base'
import { type SendResult, SendStreamRequestSchema, SendStreamResponseSchema } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { status } from '@grpc/grpc-js'
import { Backoff } from './backoff.ts'
import { hashText, makeText } from './body.ts'
import { type RawClient, reasonOf } from './grpc-client.ts'
import type { History, Outcome, SendRecord } from './history.ts'

/** Codes after which nobody knows whether the message was accepted: it is sent again with the same id. */
const UNKNOWN = new Set([status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.UNKNOWN, status.CANCELLED, status.INTERNAL])

export interface SenderOptions {
  readonly proc: string
  readonly tenant: string
  readonly client: RawClient
  /** Where it sends, in turn. */
  readonly conversations: readonly string[]
  readonly history: History
  /** How many messages it has under way at most. */
  readonly window: number
  readonly bodyBytes: number
  /** Pause before a refused message is sent again. */
  readonly refusedPauseMs?: number
}

interface Message {
  readonly messageId: string
  readonly conversation: string
  readonly text: string
  readonly bodyHash: string
}

interface UnderWay {
  readonly message: Message
  readonly callAt: number
}

/** Of the time in which a sender could not send, it makes up for so much. */
const CATCH_UP_MS = 1_000

/** Sends as fast as it gets answers, or at a pace, over one SendStream at a time, and repeats what was not acknowledged with the same id and in the same order. */
export class Sender {
  readonly #options: SenderOptions
  readonly #underWay = new Map<string, UnderWay>()
  readonly #backoff = new Backoff()
  #again: Message[] = []
  #stream: ReturnType<RawClient['sendStream']> | undefined
  #session = 0
  #next = 0
  #nextAt = 0
  #timer: NodeJS.Timeout | undefined
  #pauses = 0
  #sending = false
  #closed = false
  /** Milliseconds from one new message to the next. Undefined: it does not wait. May change while it sends. */
  intervalMs: number | undefined
  /** Acknowledged messages by conversation. */
  readonly accepted = new Map<string, number>()
  /** Answers by reason, '' for accepted. */
  readonly answers = new Map<string, number>()
  /** Milliseconds from each call to its acknowledgement. */
  readonly latencies: number[] = []

  constructor(options: SenderOptions) {
    this.#options = options
  }

  get sending(): boolean {
    return this.#sending
  }

  get idle(): boolean {
    return this.#underWay.size === 0 && this.#again.length === 0
  }

  /** Where it stands, for people. */
  get state(): string {
    const answers = [...this.answers].map(([reason, count]) => `${reason || 'ok'} ${count}`).join(', ')
    const stream = this.#stream === undefined ? 'no stream' : 'open'
    return `${this.#options.proc}: ${this.#underWay.size} under way, ${this.#again.length} to repeat, stream ${this.#session} ${stream}, ${this.#pauses} pauses; ${answers}`
  }

  /** Goes on sending new messages. */
  start(): void {
    if (!this.#sending && this.intervalMs !== undefined) this.#nextAt = performance.now() + Math.random() * this.intervalMs
    this.#sending = true
    if (this.#stream === undefined) this.#open()
    this.#fill()
  }

  /** Sends no new messages; those under way are still brought home. */
  stop(): void {
    this.#sending = false
  }

  close(): void {
    this.#closed = true
    this.#sending = false
    clearTimeout(this.#timer)
    this.#stream?.cancel()
  }

  #open(): void {
    const session = ++this.#session
    this.#stream = this.#options.client.sendStream({
      onMessage: (bytes) => {
        this.#backoff.reset()
        for (const result of fromBinary(SendStreamResponseSchema, bytes).results) this.#answered(result)
        this.#fill()
      },
      onEnd: () => {
        if (session === this.#session) void this.#reopen()
      },
    })
  }

  /** What was under way has an unknown outcome: it goes first on the next stream, in its order. */
  async #reopen(): Promise<void> {
    const lost = [...this.#underWay.values()]
    for (const { message, callAt } of lost) this.#record(message, callAt, 'unknown')
    this.#underWay.clear()
    this.#again = [...lost.map((l) => l.message), ...this.#again]
    this.#stream = undefined
    await this.#backoff.pause()
    if (this.#closed) return
    this.#options.client.reconnect()
    this.#open()
    this.#fill()
  }

  #fill(): void {
    while (this.#stream !== undefined && this.#pauses === 0 && this.#underWay.size < this.#options.window) {
      const message = this.#again.shift() ?? (this.#isDue() ? this.#newMessage() : undefined)
      if (message === undefined) return
      this.#write(message)
    }
  }

  /** Whether a new message may go; if it is too early, comes back in time. */
  #isDue(): boolean {
    const { intervalMs } = this
    if (!this.#sending || intervalMs === undefined) return this.#sending
    const now = performance.now()
    if (now < this.#nextAt) {
      this.#wakeIn(this.#nextAt - now)
      return false
    }
    this.#nextAt = Math.max(this.#nextAt + intervalMs, now - CATCH_UP_MS)
    return true
  }

  #wakeIn(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#fill()
    }, ms)
  }

  #newMessage(): Message {
    const { conversations, bodyBytes } = this.#options
    const messageId = newId()
    const text = makeText(messageId, bodyBytes)
    return { messageId, conversation: conversations[this.#next++ % conversations.length]!, text, bodyHash: hashText(text) }
  }

  #write(message: Message): void {
    this.#underWay.set(message.messageId, { message, callAt: performance.now() })
    const content = { case: 'text', value: message.text } as const
    const one = { messageId: message.messageId, conversationId: message.conversation, payload: { content } }
    this.#stream!.write(Buffer.from(toBinary(SendStreamRequestSchema, create(SendStreamRequestSchema, { messages: [one] }))))
  }

  #answered(result: SendResult): void {
    const sent = this.#underWay.get(result.messageId)
    if (sent === undefined) return
    this.#underWay.delete(result.messageId)
    const error = result.outcome.case === 'error' ? result.outcome.value : undefined
    const reason = error === undefined ? '' : reasonOf(error)
    this.answers.set(reason, (this.answers.get(reason) ?? 0) + 1)
    this.#record(sent.message, sent.callAt, error === undefined ? 'ok' : UNKNOWN.has(error.code) ? 'unknown' : 'fail')
    if (error === undefined) this.#accepted(sent)
    else if (UNKNOWN.has(error.code) || error.code === status.RESOURCE_EXHAUSTED) this.#retryLater(sent.message)
  }

  #accepted({ message: { conversation }, callAt }: UnderWay): void {
    this.latencies.push(performance.now() - callAt)
    this.accepted.set(conversation, (this.accepted.get(conversation) ?? 0) + 1)
  }

  /** Takes a pause, then goes on with what was refused. */
  #retryLater(message: Message): void {
    this.#again.push(message)
    this.#pauses++
    setTimeout(() => {
      this.#pauses--
      this.#fill()
    }, this.#options.refusedPauseMs ?? 50)
  }

  #record(message: Message, callAt: number, outcome: Outcome): void {
    const { proc, tenant, history } = this.#options
    const { messageId, conversation, bodyHash } = message
    const record: SendRecord = {
      op: 'send',
      proc,
      tenant,
      conversation,
      messageId,
      bodyHash,
      session: this.#session,
      callAt,
      returnAt: performance.now(),
      outcome,
    }
    history.add(record)
  }
}
