import type { MessageInitShape } from '@bufbuild/protobuf'
import type { Logger } from '@chat4all/base'
import {
  type MessageService,
  type SendMessageRequest,
  SendMessageRequestSchema,
  type SendResultSchema,
  type SendStreamRequest,
} from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { type BidiHandler, type CallContext, refusal, type StreamReceiver, type StreamWriter, validate } from '@chat4all/rpc'
import type { Admission } from '../send/admission.ts'
import type { Sender } from '../send/sender.ts'

type Method = typeof MessageService.method.sendStream
type Result = MessageInitShape<typeof SendResultSchema>

/** Messages of one stream that may wait for the log at once: beyond it the stream is not read on. One stream alone is never an overload, so its messages keep their order. */
const MAX_IN_FLIGHT = 64

interface Deps {
  readonly sender: Sender
  readonly admission: Admission
  readonly logger: Logger
}

export function sendStream(deps: Deps): BidiHandler<Method> {
  return (context, out) => new SendSession(deps, context, out)
}

/** One stream of sends. Messages are prepared one after the other and appended in that order; results go out together. */
class SendSession implements StreamReceiver<Method['input']> {
  readonly #deps: Deps
  readonly #context: CallContext
  readonly #out: StreamWriter<Method['output']>
  #results: Result[] = []
  #inFlight = 0
  #room: (() => void) | undefined

  constructor(deps: Deps, context: CallContext, out: StreamWriter<Method['output']>) {
    this.#deps = deps
    this.#context = context
    this.#out = out
  }

  message({ messages }: SendStreamRequest): Promise<void> | undefined {
    const { refusal } = this.#deps.admission
    if (refusal === undefined) return this.#acceptAll(messages)
    // Overload is answered at once and not waited out: a message that waits unread is late without anybody knowing.
    this.#inFlight += messages.length
    for (const { messageId } of messages) this.#finish({ messageId, outcome: { case: 'error', value: refusal.status } })
    return undefined
  }

  async end(): Promise<void> {
    while (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#room = resolve))
  }

  async #acceptAll(messages: readonly SendMessageRequest[]): Promise<void> {
    for (const request of messages) {
      if (this.#inFlight >= MAX_IN_FLIGHT) await new Promise<void>((resolve) => (this.#room = resolve))
      this.#inFlight++
      await this.#accept(request)
    }
  }

  /** Resolves when the message is on its way into the log, or refused. */
  async #accept(request: SendMessageRequest): Promise<void> {
    try {
      // Each message is checked by itself: the stream goes on after a bad one.
      validate(SendMessageRequestSchema, request)
      const prepared = await this.#deps.sender.prepare(this.#context.principal!, request)
      this.#deps.sender.append(prepared).then(
        (accepted) => this.#finish({ messageId: accepted.messageId!, outcome: { case: 'accepted', value: accepted } }),
        (error) => this.#refuse(prepared.message.messageId, error),
      )
    } catch (error) {
      this.#refuse(request.messageId, error)
    }
  }

  #refuse(messageId: string, error: unknown): void {
    this.#finish({ messageId, outcome: { case: 'error', value: refusal(error, this.#context, this.#deps.logger) } })
  }

  /** One commit of the log answers many messages: their results leave as one message. */
  #finish(result: Result): void {
    if (this.#results.length === 0) queueMicrotask(() => this.#flush())
    this.#results.push(result)
  }

  #flush(): void {
    const results = this.#results
    this.#results = []
    this.#out.send({ results }).then(
      () => this.#release(results.length),
      () => this.#release(results.length),
    )
  }

  #release(count: number): void {
    this.#inFlight -= count
    this.#room?.()
  }
}
