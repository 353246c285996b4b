import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { type SubscribeResponse, SubscribeResponseSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import type { WebSocket } from 'ws'
import type { Call } from '../call.ts'
import type { StreamWriter } from '../handler.ts'
import type { SocketFormat } from './socket-format.ts'

/** What may wait in the socket before the stream holds back. */
const MAX_BUFFERED_BYTES = 64 * 1024

/** Writes the answers of the live stream as events. */
export class SocketWriter implements StreamWriter {
  readonly #socket: WebSocket
  readonly #format: SocketFormat
  readonly #call: Call
  #waiting: (() => void)[] = []

  constructor(socket: WebSocket, format: SocketFormat, call: Call) {
    this.#socket = socket
    this.#format = format
    this.#call = call
    call.onAbort(() => this.#release())
  }

  async send(init: MessageInitShape<typeof SubscribeResponseSchema>): Promise<void> {
    const value = create(SubscribeResponseSchema, init) as SubscribeResponse
    if (!this.#put(this.#format.write({ response: { case: 'event', value } }))) await this.drained()
    if (this.#call.aborted !== undefined) throw this.#call.aborted
  }

  write(encoded: Uint8Array): boolean {
    return this.#put(this.#format.event(encoded))
  }

  drained(): Promise<void> {
    if (!this.#isFull()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #put(frame: Buffer | string): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN || this.#call.aborted !== undefined) return true
    this.#socket.send(frame, () => {
      if (this.#waiting.length > 0 && !this.#isFull()) this.#release()
    })
    return !this.#isFull()
  }

  #isFull(): boolean {
    return this.#call.aborted === undefined && this.#socket.bufferedAmount > MAX_BUFFERED_BYTES
  }

  #release(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
