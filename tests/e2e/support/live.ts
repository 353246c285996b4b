import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import type { Event } from '@chat4all/gen/chat4all/v1/event_pb.js'
import { LiveService, type SubscribeResponse, SubscribeResponseSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import type { Message } from '@chat4all/gen/chat4all/v1/message_pb.js'
import { type RawClient, type RpcFailure, waitUntil } from '@chat4all/testkit'
import { describe } from './refusal.ts'

const { subscribe } = LiveService.method
const PATH = `/${subscribe.parent.typeName}/${subscribe.name}`

/** One live stream, and all it has brought. */
export class Live implements Disposable {
  readonly answers: SubscribeResponse[] = []
  ended = false
  #failure: RpcFailure | undefined
  readonly #stream: ReturnType<RawClient['open']>

  private constructor(client: RawClient, request: { readonly cursor?: string; readonly userId?: string }) {
    const bytes = toBinary(subscribe.input, create(subscribe.input, request))
    this.#stream = client.open(PATH, [bytes], {
      onMessage: (answer) => void this.answers.push(fromBinary(SubscribeResponseSchema, answer)),
      onEnd: (failure) => {
        this.ended = true
        this.#failure = failure
      },
    })
    this.#stream.end()
  }

  /** Subscribes, and resolves when the stream is live. */
  static async open(client: RawClient, cursor = '', userId = ''): Promise<Live> {
    const live = new Live(client, { cursor, userId })
    await waitUntil('the stream is live or refused', () => live.ended || live.answers.some(({ caughtUp }) => caughtUp))
    if (live.#failure !== undefined) throw live.#failure
    return live
  }

  get events(): Event[] {
    return this.answers.flatMap(({ events }) => events)
  }

  /** The messages that were sent, in the order they came. */
  get messages(): Message[] {
    return this.events.flatMap(({ kind }) => (kind.case === 'messageCreated' ? [kind.value] : []))
  }

  /** What a client would subscribe with next. */
  get cursor(): string {
    return this.answers.findLast(({ cursor }) => cursor !== '')!.cursor
  }

  /** Resolves to the first event of a kind that fits. */
  async until<K extends NonNullable<Event['kind']['case']>>(
    kind: K,
    fits: (event: EventOf<K>) => boolean = () => true,
  ): Promise<EventOf<K>> {
    const find = () => this.events.find((event) => event.kind.case === kind && fits(event as EventOf<K>)) as EventOf<K> | undefined
    await waitUntil(`a live event ${kind}`, () => find() !== undefined || this.ended, 10_000)
    const found = find()
    if (found === undefined) throw new Error(`the stream ended before a live event ${kind} came`, { cause: this.#failure })
    return found
  }

  /** Resolves when the server has ended the stream, to the reason. */
  async end(): Promise<string> {
    await waitUntil('the stream has ended', () => this.ended, 10_000)
    if (this.#failure === undefined) return 'OK'
    if (this.#failure.status === undefined) throw this.#failure
    return describe(this.#failure.status)
  }

  /** Stops reading, as a client that hangs does. */
  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  [Symbol.dispose](): void {
    this.#stream.cancel()
  }
}

export type EventOf<K extends Event['kind']['case']> = Event & { readonly kind: Extract<Event['kind'], { case: K }> }
