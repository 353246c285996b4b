import { fromBinary } from '@bufbuild/protobuf'
import type { Event } from '@chat4all/gen/chat4all/v1/event_pb.js'
import { SubscribeResponseSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { ReceiptService } from '@chat4all/gen/chat4all/v1/receipt_service_pb.js'
import { Backoff } from './backoff.ts'
import { hashText } from './body.ts'
import type { RawClient, RpcFailure } from './grpc-client.ts'
import type { History } from './history.ts'
import { waitUntil } from './wait.ts'

export interface ReceiverOptions {
  readonly proc: string
  readonly user: string
  readonly tenant: string
  readonly client: RawClient
  readonly history: History
}

/** Follows the live stream of one user, resumes from its cursor after every break, and marks what it got as delivered and half of it as read. */
export class Receiver {
  readonly #options: ReceiverOptions
  readonly #seen = new Map<string, bigint>()
  readonly #marked = new Map<string, bigint>()
  readonly #backoff = new Backoff()
  #cursor = ''
  #session = 0
  #stream: { cancel(): void } | undefined
  #closed = false
  /** Why its streams ended. */
  readonly failures: RpcFailure[] = []
  /** Called with every message the first time it comes. */
  onMessage: ((messageId: string) => void) | undefined

  constructor(options: ReceiverOptions) {
    this.#options = options
  }

  get proc(): string {
    return this.#options.proc
  }

  get sessions(): number {
    return this.#session
  }

  /** The last sequence seen of a conversation. */
  seen(conversation: string): bigint {
    return this.#seen.get(conversation) ?? 0n
  }

  /** Subscribes, and resolves when nothing will be missed any more. */
  async start(): Promise<void> {
    this.#open()
    await waitUntil(`${this.#options.proc} has a cursor`, () => this.#cursor !== '')
  }

  /** Raises the user's watermarks to what has arrived. */
  async mark(): Promise<void> {
    const marks = [...this.#seen]
      .filter(([conversation, sequence]) => sequence > (this.#marked.get(conversation) ?? 0n))
      .map(([conversationId, sequence]) => ({ conversationId, deliveredThrough: sequence, readThrough: sequence / 2n }))
      .slice(0, 100)
    if (marks.length === 0) return
    const answer = await this.#options.client.call(ReceiptService.method.markReceipts, { marks })
    const { proc, user, tenant, history } = this.#options
    for (const { conversationId: conversation, receipt } of answer.results) {
      if (receipt === undefined) continue
      const { deliveredThrough, readThrough } = receipt
      history.add({
        op: 'ack',
        proc,
        user,
        tenant,
        conversation,
        deliveredThrough,
        readThrough,
        returnAt: performance.now(),
        outcome: 'ok',
      })
      this.#marked.set(conversation, deliveredThrough)
    }
  }

  close(): void {
    this.#closed = true
    this.#stream?.cancel()
  }

  #open(): void {
    const session = ++this.#session
    this.#stream = this.#options.client.subscribe(this.#cursor, {
      onMessage: (bytes) => this.#take(bytes, session),
      onEnd: (failure) => void this.#reopen(failure),
    })
  }

  async #reopen(failure: RpcFailure | undefined): Promise<void> {
    if (failure !== undefined && !this.#closed) this.failures.push(failure)
    await this.#backoff.pause()
    if (this.#closed) return
    this.#options.client.reconnect()
    this.#open()
  }

  #take(bytes: Buffer, session: number): void {
    this.#backoff.reset()
    const answer = fromBinary(SubscribeResponseSchema, bytes)
    for (const event of answer.events) this.#record(event, session)
    if (answer.cursor !== '') this.#cursor = answer.cursor
  }

  #record(event: Event, session: number): void {
    const { proc, tenant, history } = this.#options
    const seen = { proc, tenant, conversation: event.conversationId, session, returnAt: performance.now() }
    if (event.kind.case === 'receipt') {
      const { userId: user, deliveredThrough, readThrough } = event.kind.value
      history.add({ op: 'status', ...seen, user, deliveredThrough, readThrough })
    } else if (event.kind.case === 'messageCreated') {
      const { messageId, sequence, payload } = event.kind.value
      history.add({
        op: 'recv',
        ...seen,
        messageId,
        sequence,
        bodyHash: hashText(payload?.content.case === 'text' ? payload.content.value : ''),
      })
      if (sequence <= this.seen(event.conversationId)) return
      this.#seen.set(event.conversationId, sequence)
      this.onMessage?.(messageId)
    }
  }
}
