import { once } from 'node:events'
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import {
  type LiveSocketRequestSchema,
  type LiveSocketResponse,
  LiveSocketRequestSchema as RequestSchema,
  LiveSocketResponseSchema as ResponseSchema,
} from '@chat4all/gen/chat4all/v1/live_socket_pb.js'
import { expect } from 'vitest'
import { WebSocket } from 'ws'

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, compared by the tests
type Json = any

/** A client of /v1/live, in JSON as a browser would be. */
export class Socket {
  readonly answers: Json[] = []
  /** The code and the reason, once it is closed. */
  closed: readonly [number, string] | undefined
  readonly #socket: WebSocket

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data, isBinary) => this.answers.push(this.#decode(data as Buffer, isBinary)))
    socket.once('close', (code, reason) => {
      this.closed = [code, reason.toString()]
    })
  }

  static async open(httpPort: number, options: { protocol?: string; headers?: Record<string, string> } = {}): Promise<Socket> {
    const { protocol = 'chat4all.v1.json', headers = {} } = options
    const socket = new WebSocket(`ws://127.0.0.1:${httpPort}/v1/live`, protocol, { headers })
    const made = new Socket(socket)
    await once(socket, 'open')
    return made
  }

  get #binary(): boolean {
    return this.#socket.protocol === 'chat4all.v1.proto'
  }

  #decode(data: Buffer, isBinary: boolean): Json {
    expect(isBinary).toBe(this.#binary)
    return isBinary ? fromBinary(ResponseSchema, data) : JSON.parse(data.toString())
  }

  send(request: Json): void {
    this.#socket.send(JSON.stringify(request))
  }

  sendProto(request: MessageInitShape<typeof LiveSocketRequestSchema>): void {
    this.#socket.send(toBinary(RequestSchema, create(RequestSchema, request)))
  }

  sendRaw(data: string | Buffer): void {
    this.#socket.send(data)
  }

  /** The first answer that fits, once it is there. */
  async find(fits: (answer: Json) => boolean): Promise<Json> {
    await expect.poll(() => this.answers.some(fits), { timeout: 10_000 }).toBe(true)
    return this.answers.find(fits)
  }

  /** All events so far. */
  get events(): Json[] {
    return this.answers.flatMap((answer) => answer.event?.events ?? [])
  }

  get protos(): LiveSocketResponse[] {
    return this.answers
  }

  async untilClosed(): Promise<readonly [number, string]> {
    await expect.poll(() => this.closed, { timeout: 15_000 }).toBeDefined()
    return this.closed!
  }

  close(): void {
    this.#socket.close()
  }
}
