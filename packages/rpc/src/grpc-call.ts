import { create, type Message, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import type { ChatError } from '@chat4all/base'
import { StatusSchema } from '@chat4all/gen/google/rpc/status_pb.js'
import {
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type ServerDuplexStream,
  type ServerWritableStream,
} from '@grpc/grpc-js'
import { Call, cancelled, deadlineExceeded, shuttingDown } from './call.ts'
import { statusOf } from './errors.ts'
import type { StreamReceiver, StreamWriter } from './handler.ts'
import { decodeRequest, encodeResponse, failed, invokeBidi, invokeServerStream, invokeUnary, type RpcMethod, succeeded } from './invoke.ts'
import { REQUEST_ID_HEADER, requestIdFrom } from './request-id.ts'

/** A stream that the server can end on its own account. */
export interface OpenStream {
  stop(): void
}

/** The parts of a grpc-js call that all kinds share. */
interface Wire {
  readonly metadata: Metadata
  readonly cancelled: boolean
  getDeadline(): Date | number
  sendMetadata(metadata: Metadata): void
  on(event: 'cancelled', listener: () => void): unknown
}
type WireStream = ServerWritableStream<Buffer, Uint8Array> | ServerDuplexStream<Buffer, Uint8Array>

/** An error in the shape grpc-js takes. */
export function grpcStatus(error: ChatError, metadata = new Metadata()) {
  const status = statusOf(error)
  metadata.set('grpc-status-details-bin', Buffer.from(toBinary(StatusSchema, status)))
  return { code: status.code as number, details: status.message, metadata }
}

export function serveUnary(method: RpcMethod): handleUnaryCall<Buffer, Uint8Array> {
  return async (wire, callback) => {
    const call = openCall(method, wire)
    let done = false
    wire.on('cancelled', () => {
      if (!done) call.abort(whyCancelled(wire))
    })
    try {
      call.principal = await method.admit((name) => headerOf(wire.metadata, name))
      const response = encodeResponse(method, await invokeUnary(method, decodeRequest(method, wire.request), call))
      done = true
      wire.sendMetadata(requestIdMetadata(call))
      callback(null, response)
      succeeded(method, call)
    } catch (error) {
      done = true
      callback(grpcStatus(failed(method, call, error), requestIdMetadata(call)))
    }
  }
}

export function serveServerStream(method: RpcMethod, streams: Set<OpenStream>): handleServerStreamingCall<Buffer, Uint8Array> {
  return async (wire) => {
    const stream = new GrpcStream(method, wire, streams)
    try {
      await stream.admit()
      await invokeServerStream(method, decodeRequest(method, wire.request), stream.call, stream)
      stream.finish()
    } catch (error) {
      stream.finish(error)
    }
  }
}

export function serveBidi(method: RpcMethod, streams: Set<OpenStream>): handleBidiStreamingCall<Buffer, Uint8Array> {
  return async (wire) => {
    const stream = new GrpcStream(method, wire, streams)
    try {
      await stream.admit()
      receive(wire, stream, invokeBidi(method, stream.call, stream))
    } catch (error) {
      stream.finish(error)
    }
  }
}

/** Hands over the caller's messages one by one, until one of them fails or the stream ends. */
function receive(wire: ServerDuplexStream<Buffer, Uint8Array>, stream: GrpcStream, receiver: StreamReceiver): void {
  wire.on('data', (bytes) => {
    if (stream.call.aborted !== undefined) return
    try {
      const working = receiver.message(decodeRequest(stream.method, bytes) as never)
      if (working === undefined) return
      wire.pause()
      stream.busy = working.then(
        () => void (stream.stopping || wire.resume()),
        (error) => stream.finish(error),
      )
    } catch (error) {
      wire.pause()
      stream.finish(error)
    }
  })
  wire.on('end', async () => {
    try {
      await stream.busy
      await receiver.end()
      stream.finish()
    } catch (error) {
      stream.finish(error)
    }
  })
}

/** One streaming call. It ends once: by its handler, by the caller, or by the server. */
class GrpcStream implements StreamWriter, OpenStream {
  readonly method: RpcMethod
  readonly call: Call
  /** The message that the handler works on. */
  busy: Promise<void> | undefined
  stopping = false
  readonly #wire: WireStream
  readonly #streams: Set<OpenStream>
  #ended = false
  #waiting: (() => void)[] = []

  constructor(method: RpcMethod, wire: WireStream, streams: Set<OpenStream>) {
    this.method = method
    this.call = openCall(method, wire)
    this.#wire = wire
    this.#streams = streams
    streams.add(this)
    wire.on('cancelled', () => this.#cut(whyCancelled(wire)))
  }

  async admit(): Promise<void> {
    this.call.principal = await this.method.admit((name) => headerOf(this.#wire.metadata, name))
    this.#wire.sendMetadata(requestIdMetadata(this.call))
  }

  async send(message: MessageInitShape<RpcMethod['desc']['output']>): Promise<void> {
    if (!this.write(encodeResponse(this.method, create(this.method.desc.output, message) as Message))) await this.drained()
    if (this.call.aborted !== undefined) throw this.call.aborted
  }

  write(encoded: Uint8Array): boolean {
    return this.#ended || this.#wire.write(encoded)
  }

  drained(): Promise<void> {
    if (this.#ended || !this.#wire.writableNeedDrain) return Promise.resolve()
    return new Promise((resolve) => {
      if (this.#waiting.push(resolve) === 1) this.#wire.once('drain', () => this.#release())
    })
  }

  /** The message in work is finished first: its answer tells the caller what holds. */
  async stop(): Promise<void> {
    this.stopping = true
    await this.busy
    this.#cut(shuttingDown())
  }

  finish(error?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#streams.delete(this)
    this.#release()
    if (error === undefined && this.call.aborted === undefined) {
      succeeded(this.method, this.call)
      this.#wire.end()
    } else {
      this.#wire.emit('error', grpcStatus(failed(this.method, this.call, error), requestIdMetadata(this.call)))
    }
  }

  #cut(reason: ChatError): void {
    if (this.#ended) return
    this.call.abort(reason)
    this.finish(reason)
  }

  #release(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

function openCall(method: RpcMethod, wire: Wire): Call {
  return new Call(method.desc, requestIdFrom(headerOf(wire.metadata, REQUEST_ID_HEADER)))
}

function whyCancelled(wire: Wire): ChatError {
  return Date.now() >= Number(wire.getDeadline()) ? deadlineExceeded() : cancelled()
}

function headerOf(metadata: Metadata, name: string): string | undefined {
  const value = metadata.get(name)[0]
  return typeof value === 'string' ? value : undefined
}

function requestIdMetadata(call: Call): Metadata {
  const metadata = new Metadata()
  metadata.set(REQUEST_ID_HEADER, call.requestId)
  return metadata
}
