import { create, type DescMessage, fromBinary, type Message, type MessageInitShape } from '@bufbuild/protobuf'
import type { StreamWriter } from './handler.ts'

/** How many messages may wait for a slow reader before the writer is told to wait. */
const HIGH_WATER = 16

/** Carries the responses of a streaming handler to a front that pulls them, in order. */
export class StreamQueue implements StreamWriter, AsyncIterableIterator<Message> {
  readonly #desc: DescMessage
  readonly #onLeave: () => void
  readonly #messages: Message[] = []
  #pulling: PromiseWithResolvers<IteratorResult<Message>> | undefined
  #waiting: (() => void)[] = []
  #end: { readonly error: unknown } | undefined

  /** @param onLeave Runs when the reader stops before the end. */
  constructor(desc: DescMessage, onLeave: () => void) {
    this.#desc = desc
    this.#onLeave = onLeave
  }

  async send(message: MessageInitShape<DescMessage>): Promise<void> {
    if (!this.#push(create(this.#desc, message))) await this.drained()
    if (this.#end?.error !== undefined) throw this.#end.error
  }

  write(encoded: Uint8Array): boolean {
    return this.#push(decodeShared(this.#desc, encoded))
  }

  drained(): Promise<void> {
    if (this.#end !== undefined || this.#messages.length < HIGH_WATER) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Ends the stream after what was written. Only the first call counts. */
  finish(error?: unknown): void {
    if (this.#end !== undefined) return
    this.#end = { error }
    this.#release()
    this.#pulling?.resolve(this.#last())
    this.#pulling = undefined
  }

  next(): Promise<IteratorResult<Message>> {
    const value = this.#messages.shift()
    if (this.#messages.length === 0) this.#release()
    if (value !== undefined) return Promise.resolve({ value, done: false })
    if (this.#end !== undefined) return this.#last()
    this.#pulling = Promise.withResolvers()
    return this.#pulling.promise
  }

  return(): Promise<IteratorResult<Message>> {
    if (this.#end === undefined) this.#onLeave()
    this.finish()
    return Promise.resolve({ value: undefined, done: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #push(value: Message): boolean {
    if (this.#end !== undefined) return true
    if (this.#pulling === undefined) return this.#messages.push(value) < HIGH_WATER
    this.#pulling.resolve({ value, done: false })
    this.#pulling = undefined
    return true
  }

  #last(): Promise<IteratorResult<Message>> {
    const error = this.#end?.error
    return error === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error)
  }

  #release(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

/** Frames that many streams share are decoded once. */
const decoded = new WeakMap<Uint8Array, Message>()

function decodeShared(desc: DescMessage, encoded: Uint8Array): Message {
  let message = decoded.get(encoded)
  if (message === undefined) {
    message = fromBinary(desc, encoded)
    decoded.set(encoded, message)
  }
  return message
}
