import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { timestampDate } from '@bufbuild/protobuf/wkt'
import { uuidv7 } from 'uuidv7'
import type { PayloadSchema } from '#gen/chat4all/v1/message_pb.js'
import { type SendMessageRequest, SendMessageRequestSchema } from '#gen/chat4all/v1/message_service_pb.js'
import { ChatError, closedError, toChatError } from './errors.ts'
import { Observable } from './observable.ts'
import type { Outgoing, SendLane } from './send-lane.ts'

/** A message to send. Needs a target (`conversationId` or `to`) and a content (`text` or `payload`). */
export interface Draft {
  readonly conversationId?: string
  /** The user to send it to: finds or opens the private conversation of the two. */
  readonly to?: string
  readonly text?: string
  /** Any content that the server takes, for example `{ content: { case: 'location', value: { latitude, longitude } } }`. */
  readonly payload?: MessageInitShape<typeof PayloadSchema>
  /** UUID. Default: a new UUIDv7. Give the same one to repeat a send whose outcome you don't know. */
  readonly messageId?: string
  /** The id of the message it answers, in the same conversation. */
  readonly replyTo?: string
  readonly mentions?: readonly string[]
  /** Names of channels, or `all`. Default: every recipient's preference. */
  readonly channels?: readonly string[]
  readonly metadata?: Readonly<Record<string, string>>
  /** API clients only: who sends it. Default: `actAs` of {@link connect}. */
  readonly from?: string
}

/** How long to try. */
export interface SendOptions {
  /** Default 30,000. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** An accepted message: on the server's disk, to be delivered once and in order. */
export interface Sent {
  readonly messageId: string
  readonly conversationId: string
  readonly acceptedAt: Date
}

/** What becomes of a send, for showing a message before the server has it. The message comes again, with its `messageId`, through `subscribe`. */
export type SendEvent =
  | { readonly kind: 'pending'; readonly message: SendMessageRequest }
  | { readonly kind: 'accepted'; readonly message: SendMessageRequest; readonly sent: Sent }
  | { readonly kind: 'failed'; readonly message: SendMessageRequest; readonly error: ChatError }

const TIMEOUT_MS = 30_000

/** Sends drafts through a lane and tells observers how each one fares. */
export class Sender {
  readonly events = new Observable<SendEvent>()
  readonly #lane: SendLane
  readonly #actAs: string | undefined
  readonly #inFlight = new Set<AbortController>()

  constructor(lane: SendLane, actAs?: string) {
    this.#lane = lane
    this.#actAs = actAs
  }

  async send(draft: Draft, options: SendOptions = {}): Promise<Sent> {
    const message = toRequest(draft, this.#actAs)
    this.events.emit({ kind: 'pending', message })
    try {
      const sent = await this.#deliver(message, options)
      this.events.emit({ kind: 'accepted', message, sent })
      return sent
    } catch (thrown) {
      const error = toChatError(thrown)
      this.events.emit({ kind: 'failed', message, error })
      throw error
    }
  }

  /** Fails what is not accepted yet. */
  close(): void {
    for (const controller of this.#inFlight) controller.abort(closedError())
    this.#lane.close()
  }

  async #deliver(message: SendMessageRequest, options: SendOptions): Promise<Sent> {
    const controller = new AbortController()
    const outgoing: Outgoing = { message, signal: controller.signal }
    const release = limit(controller, outgoing, options)
    this.#inFlight.add(controller)
    try {
      const { messageId, conversationId, createTime } = await this.#lane.submit(outgoing)
      return { messageId, conversationId, acceptedAt: createTime ? timestampDate(createTime) : new Date() }
    } finally {
      release()
      this.#inFlight.delete(controller)
    }
  }
}

/** Aborts the send at its deadline, or when the caller does. Returns what undoes it. (`AbortSignal.any` would leave a trace in the caller's signal for every send.) */
function limit(controller: AbortController, outgoing: Outgoing, options: SendOptions): () => void {
  const { signal, timeoutMs = TIMEOUT_MS } = options
  const cancel = () => controller.abort(signal?.reason)
  if (signal?.aborted) cancel()
  signal?.addEventListener('abort', cancel, { once: true })
  const timer = setTimeout(() => controller.abort(timedOut(timeoutMs, outgoing)), timeoutMs)
  return () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', cancel)
  }
}

function timedOut(timeoutMs: number, { message, lastError: cause }: Outgoing): ChatError {
  const why = cause ? `: ${cause.message}` : ''
  const text = `message ${message.messageId} was not accepted within ${timeoutMs} ms${why}`
  return new ChatError('DEADLINE_EXCEEDED', text, { code: 'deadline_exceeded', cause })
}

function toRequest(draft: Draft, actAs = ''): SendMessageRequest {
  const { conversationId = '', to = '', text = '', payload, messageId, from = actAs } = draft
  return create(SendMessageRequestSchema, {
    // Lower case, as the server writes ids: answers find their message by it.
    messageId: messageId?.toLowerCase() || uuidv7(),
    conversationId,
    to,
    from,
    payload: payload ?? { content: { case: 'text', value: text } },
    replyTo: draft.replyTo ?? '',
    mentions: [...(draft.mentions ?? [])],
    channels: [...(draft.channels ?? [])],
    metadata: { ...draft.metadata },
  })
}
