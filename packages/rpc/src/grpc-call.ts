import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { create, type Message, type MessageInitShape } from '@bufbuild/protobuf'
import { ChatError } from '@chat4all/base'
import { Call, cancelled, deadlineExceeded, shuttingDown } from './call.ts'
import { Deframer, frameOf } from './grpc-frames.ts'
import { statusTrailers, timeoutMsOf } from './grpc-headers.ts'
import type { StreamReceiver, StreamWriter } from './handler.ts'
import { decodeRequest, encodeResponse, failed, invokeBidi, invokeServerStream, invokeUnary, type RpcMethod, succeeded } from './invoke.ts'
import { REQUEST_ID_HEADER, requestIdFrom } from './request-id.ts'
import { TRACE_HEADER, traceparentFrom } from './trace.ts'

/** Bytes that may wait in a stream before its writer is told to wait: enough for a burst, little enough to notice a slow reader. */
const HIGH_WATER_BYTES = 256 * 1024
/** Messages of a bidirectional call that may wait for the one in work before the stream is paused. */
const MAX_INBOX = 32
/** How long a caller may go on sending to a call that has ended. */
const DISCARD_MS = 5_000
const RESPONSE_HEADERS = { ':status': 200, 'content-type': 'application/grpc+proto', 'grpc-accept-encoding': 'identity,gzip' }

/** One gRPC call on one HTTP/2 stream. It ends once: by its handler, by the caller, or by the server. */
export class GrpcCall implements StreamWriter {
  readonly #method: RpcMethod
  readonly #stream: ServerHttp2Stream
  /** Only until the call is admitted: calls may stay open for hours. */
  #headers: IncomingHttpHeaders
  readonly #call: Call
  readonly #calls: Set<GrpcCall>
  #receive: (message: Buffer) => void = () => {}
  #receiveEnd: () => void = () => {}
  #deadline: NodeJS.Timeout | undefined
  #inWork: Promise<void> | undefined
  #stopping = false
  #ended = false
  #trailers: Record<string, string> | undefined
  #waiting: (() => void)[] | undefined

  constructor(method: RpcMethod, stream: ServerHttp2Stream, headers: IncomingHttpHeaders, calls: Set<GrpcCall>) {
    this.#method = method
    this.#stream = stream
    this.#headers = headers
    this.#calls = calls
    this.#call = new Call(method.desc, requestIdFrom(this.#header(REQUEST_ID_HEADER)))
    this.#call.traceparent = traceparentFrom(this.#header(TRACE_HEADER))
    calls.add(this)
  }

  /** Serves the call to its end. Never throws. */
  async serve(maxRequestBytes: number): Promise<void> {
    try {
      this.#watch()
      const deframer = new Deframer(maxRequestBytes, this.#header('grpc-encoding'))
      this.#call.principal = await this.#method.admit((name) => this.#header(name))
      this.#headers = {}
      if (this.#ended) return
      if (this.#method.desc.methodKind === 'bidi_streaming') this.#openBidi()
      else this.#openSingle()
      this.#read(deframer)
    } catch (error) {
      this.#finish(error)
    }
  }

  async send(message: MessageInitShape<RpcMethod['desc']['output']>): Promise<void> {
    if (!this.write(encodeResponse(this.#method, create(this.#method.desc.output, message) as Message))) await this.drained()
    if (this.#call.aborted !== undefined) throw this.#call.aborted
  }

  write(encoded: Uint8Array): boolean {
    if (this.#ended) return true
    this.#respond()
    this.#stream.write(frameOf(encoded))
    return this.#stream.writableLength < HIGH_WATER_BYTES
  }

  drained(): Promise<void> {
    if (this.#ended || this.#stream.writableLength < HIGH_WATER_BYTES) return Promise.resolve()
    return new Promise((resolve) => {
      if (this.#waiting === undefined) this.#stream.once('drain', () => this.#release())
      this.#waiting = [...(this.#waiting ?? []), resolve]
    })
  }

  get openForMs(): number {
    return performance.now() - this.#call.startedAt
  }

  /** The message in work is finished first: its answer tells the caller what holds. Unary calls end by themselves. */
  async stop(reason = shuttingDown()): Promise<void> {
    if (this.#method.desc.methodKind === 'unary') return
    this.#stopping = true
    await this.#inWork
    this.#cut(reason)
  }

  #watch(): void {
    this.#stream.once('close', () => this.#cut(cancelled()))
    this.#stream.on('error', () => this.#cut(cancelled()))
    const timeoutMs = timeoutMsOf(this.#header('grpc-timeout'))
    this.#call.setTimeout(timeoutMs)
    if (timeoutMs !== undefined) this.#deadline = setTimeout(() => this.#cut(deadlineExceeded()), timeoutMs)
  }

  #read(deframer: Deframer): void {
    this.#stream.on('data', (chunk: Buffer) => {
      try {
        for (const message of deframer.push(chunk)) this.#receive(message)
      } catch (error) {
        this.#finish(error)
      }
    })
    this.#stream.once('end', () => {
      this.#stream.removeAllListeners('data')
      if (deframer.unfinished) this.#finish(new ChatError('REQUEST_MALFORMED', 'The last message is cut off.'))
      else this.#receiveEnd()
    })
  }

  /** Unary and server-streaming calls: exactly one request. */
  #openSingle(): void {
    let request: Buffer | undefined
    this.#receive = (message) => {
      if (request !== undefined) throw new ChatError('REQUEST_MALFORMED', 'The call takes one request and got several.')
      request = message
    }
    this.#receiveEnd = () => {
      this.#receive = this.#receiveEnd = () => {}
      if (request === undefined) this.#finish(new ChatError('REQUEST_MALFORMED', 'The call takes one request and got none.'))
      else this.#run(request)
      request = undefined
    }
  }

  #run(bytes: Buffer): void {
    this.#invoke(bytes).then(
      () => this.#finish(),
      (error: unknown) => this.#finish(error),
    )
  }

  /** Waits for nothing itself: whatever it holds would stay in memory for as long as a live stream lives. */
  async #invoke(bytes: Buffer): Promise<void> {
    const request = decodeRequest(this.#method, bytes)
    if (this.#method.desc.methodKind === 'unary')
      return invokeUnary(this.#method, request, this.#call).then((answer) => void this.write(encodeResponse(this.#method, answer)))
    this.#respond()
    return invokeServerStream(this.#method, request, this.#call, this)
  }

  #openBidi(): void {
    this.#respond()
    const receiver = invokeBidi(this.#method, this.#call, this)
    const inbox: Buffer[] = []
    let over = false
    const work = () => {
      for (let bytes = inbox.shift(); bytes !== undefined && !this.#stopping && !this.#ended; bytes = inbox.shift()) {
        if (inbox.length < MAX_INBOX && this.#stream.isPaused()) this.#stream.resume()
        const working = receiver.message(decodeRequest(this.#method, bytes) as never)
        if (working !== undefined) return goOnAfter(working)
      }
      if (over && inbox.length === 0 && !this.#ended) goOnAfter(this.#endBidi(receiver))
    }
    const goOnAfter = (working: Promise<void>) => {
      this.#inWork = working.then(start, (error) => this.#finish(error))
    }
    const start = () => {
      this.#inWork = undefined
      try {
        work()
      } catch (error) {
        this.#finish(error)
      }
    }
    this.#receive = (message) => {
      if (inbox.push(message) >= MAX_INBOX) this.#stream.pause()
      if (this.#inWork === undefined) start()
    }
    this.#receiveEnd = () => {
      over = true
      if (this.#inWork === undefined) start()
    }
  }

  async #endBidi(receiver: StreamReceiver): Promise<void> {
    await receiver.end()
    this.#finish()
  }

  /** Response headers, once. What follows them ends with trailers. */
  #respond(): void {
    if (this.#stream.headersSent || this.#stream.destroyed) return
    this.#stream.respond({ ...RESPONSE_HEADERS, [REQUEST_ID_HEADER]: this.#call.requestId }, { waitForTrailers: true })
    this.#stream.once('wantTrailers', () => this.#stream.sendTrailers(this.#trailers ?? statusTrailers(cancelled())))
  }

  #finish(thrown?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#deadline)
    this.#calls.delete(this)
    this.#release()
    const error = thrown === undefined ? this.#call.aborted : failed(this.#method, this.#call, thrown)
    if (error === undefined) succeeded(this.#method, this.#call)
    if (!this.#stream.destroyed) this.#close(statusTrailers(error))
  }

  #close(trailers: Record<string, string>): void {
    const stream = this.#stream
    this.#trailers = trailers
    if (stream.headersSent) stream.end()
    else stream.respond({ ...RESPONSE_HEADERS, [REQUEST_ID_HEADER]: this.#call.requestId, ...trailers }, { endStream: true })
    if (!stream.readableEnded) discard(stream)
  }

  #cut(reason: ChatError): void {
    if (this.#ended) return
    this.#call.abort(reason)
    this.#finish(reason)
  }

  #release(): void {
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const resolve of waiting) resolve()
  }

  #header(name: string): string | undefined {
    const value = this.#headers[name]
    return typeof value === 'string' ? value : undefined
  }
}

/** Callers that are still sending stop when they see the trailers. Until then their bytes are dropped; who goes on is cut off. */
function discard(stream: ServerHttp2Stream): void {
  stream.removeAllListeners('data').resume()
  const cut = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), DISCARD_MS).unref()
  stream.once('close', () => clearTimeout(cut))
}
