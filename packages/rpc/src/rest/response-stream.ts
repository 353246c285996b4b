import type { ServerResponse } from 'node:http'
import { create, type DescMessage, fromBinary, type MessageInitShape } from '@bufbuild/protobuf'
import type { ChatError } from '@chat4all/base'
import type { Call } from '../call.ts'
import { isGone } from '../gone.ts'
import type { StreamWriter } from '../handler.ts'
import { REQUEST_ID_HEADER } from '../request-id.ts'
import type { StreamFormat } from './stream-format.ts'

/** Less than what proxies take for a dead connection. */
const IDLE_MS = 15_000

/** Writes the answers of a stream into an HTTP response. Headers go out with the first answer: a call that fails before it fails as any other. */
export class ResponseStream implements StreamWriter {
  readonly #desc: DescMessage
  readonly #format: StreamFormat
  readonly #call: Call
  readonly #response: ServerResponse
  #idleTimer: NodeJS.Timeout | undefined
  #quiet = false
  #full = false
  #ended = false
  #waiting: (() => void)[] = []

  constructor(desc: DescMessage, format: StreamFormat, call: Call, response: ServerResponse) {
    this.#desc = desc
    this.#format = format
    this.#call = call
    this.#response = response
    response.on('drain', () => this.#release())
    // Whoever writes to a connection that breaks learns it from the call.
    response.on('error', () => {})
    call.onAbort(() => this.#release())
  }

  async send(init: MessageInitShape<DescMessage>): Promise<void> {
    const message = create(this.#desc, init)
    if (!this.#ended) this.#respond(() => this.#format.contentType(message))
    if (!this.#put(this.#format.frame(message))) await this.drained()
    if (this.#call.aborted !== undefined) throw this.#call.aborted
  }

  write(encoded: Uint8Array): boolean {
    if (this.#ended) return true
    this.#respond(() => this.#format.contentType(fromBinary(this.#desc, encoded)))
    return this.#put(this.#format.shared(encoded))
  }

  drained(): Promise<void> {
    if (!this.#full || this.#ended || this.#call.aborted !== undefined) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Ends the response after what was written. Returns false if nothing was, so that an error can still be answered with its status. */
  end(error: ChatError | undefined): boolean {
    this.#ended = true
    clearInterval(this.#idleTimer)
    this.#release()
    if (!this.#response.headersSent) {
      if (error !== undefined) return false
      this.#respond(() => this.#format.contentType(create(this.#desc)))
    }
    if (!isGone(this.#response)) this.#response.end(error === undefined ? undefined : this.#format.failure(error))
    return true
  }

  #respond(contentType: () => string): void {
    if (this.#response.headersSent || isGone(this.#response)) return
    this.#response.writeHead(200, {
      'content-type': contentType(),
      'cache-control': 'no-store',
      // Asks nginx not to hold events back.
      'x-accel-buffering': 'no',
      [REQUEST_ID_HEADER]: this.#call.requestId,
    })
    if (this.#format.idle !== undefined) this.#idleTimer = setInterval(() => this.#keepAlive(), IDLE_MS).unref()
  }

  #keepAlive(): void {
    if (this.#quiet && !this.#full) this.#put(Buffer.from(this.#format.idle ?? ''))
    this.#quiet = true
  }

  #put(frame: Buffer): boolean {
    if (this.#ended || isGone(this.#response) || this.#call.aborted !== undefined) return true
    this.#quiet = false
    this.#full = !this.#response.write(frame)
    return !this.#full
  }

  #release(): void {
    this.#full = false
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
