import type { Message } from '@bufbuild/protobuf'
import type { HandlerContext } from '@connectrpc/connect'
import { createUniversalMethodHandler, type UniversalHandler } from '@connectrpc/connect/protocol'
import { createHandlerFactory as connect } from '@connectrpc/connect/protocol-connect'
import { createHandlerFactory as grpc } from '@connectrpc/connect/protocol-grpc'
import { createHandlerFactory as grpcWeb } from '@connectrpc/connect/protocol-grpc-web'
import { compressionGzip } from '@connectrpc/connect-node'
import { Call } from './call.ts'
import { decoded } from './connect-requests.ts'
import { connectUnary } from './connect-unary.ts'
import { detailTypes } from './errors.ts'
import type { RpcMethod } from './invoke.ts'
import { serve, watch } from './iterate.ts'
import { REQUEST_ID_HEADER, requestIdFrom } from './request-id.ts'
import { TRACE_HEADER, traceparentFrom } from './trace.ts'

/** Unary responses of this size are worth the CPU of compression. Streams are never compressed: it costs per subscriber. */
const COMPRESS_UNARY_FROM_BYTES = 8 * 1024

/** One RPC behind Connect, gRPC and gRPC-Web. Streaming calls are in `streams` while they run. */
export function connectHandler(method: RpcMethod, readMaxBytes: number, streams: Set<Call>): UniversalHandler {
  const isUnary = method.desc.methodKind === 'unary'
  const options = {
    acceptCompression: [compressionGzip],
    compressMinBytes: isUnary ? COMPRESS_UNARY_FROM_BYTES : Number.MAX_SAFE_INTEGER,
    readMaxBytes,
    // Results of a stream can hold statuses with their details.
    jsonOptions: { registry: detailTypes },
  }
  // Every kind of RPC looks alike on the wire of gRPC, gRPC-Web and Connect streams: one handler of the widest kind serves them all.
  const spec = { kind: 'bidi_streaming', method: method.desc, impl: streaming(method, streams) } as never
  return createUniversalMethodHandler(spec, [grpc(options), grpcWeb(options), isUnary ? connectUnary(method, options) : connect(options)])
}

function streaming(method: RpcMethod, streams: Set<Call>) {
  return async function* (requests: AsyncIterable<Message>, context: HandlerContext) {
    const call = new Call(method.desc, requestIdFrom(context.requestHeader.get(REQUEST_ID_HEADER) ?? undefined))
    call.traceparent = traceparentFrom(context.requestHeader.get(TRACE_HEADER) ?? undefined)
    call.setTimeout(context.timeoutMs())
    context.responseHeader.set(REQUEST_ID_HEADER, call.requestId)
    const unwatch = watch(call, context.signal, undefined)
    if (method.desc.methodKind !== 'unary') streams.add(call)
    try {
      yield* serve(method, call, context.requestHeader, decoded(requests))
    } finally {
      unwatch()
      streams.delete(call)
    }
  }
}
