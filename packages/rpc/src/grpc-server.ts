import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { ChatError } from '@chat4all/base'
import { openGate } from './gate.ts'
import { GrpcCall } from './grpc-call.ts'
import { statusTrailers } from './grpc-headers.ts'
import { createHttp2 } from './http2.ts'
import { bindMethods, type RpcMethod, type Serving } from './invoke.ts'
import { type MaxAge, moveOn } from './max-age.ts'
import type { Stoppable } from './stoppable.ts'
import type { TlsFiles } from './tls.ts'

export interface GrpcServerOptions extends Serving {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** The largest request, in bytes. */
  readonly maxRequestBytes?: number
  /** Concurrent calls on one connection. */
  readonly maxStreamsPerConnection?: number
  /** How long a new connection may take to speak HTTP/2. */
  readonly handshakeMs?: number
  /** Connections and streams that are older make room. Default: never. */
  readonly maxAge?: MaxAge
  /** More connections from one address are hung up on. */
  readonly maxConnectionsPerAddress?: number
  /** Without it the port speaks in the clear. */
  readonly tls?: TlsFiles
}

/** Serves gRPC over HTTP/2 (docs/adr/0011). */
export async function startGrpcServer(options: GrpcServerOptions): Promise<Stoppable> {
  const { maxRequestBytes = 4 * 1024 * 1024, maxStreamsPerConnection = 1000, maxAge } = options
  const methods = bindMethods(options)
  const calls = new Set<GrpcCall>()
  const http2 = createHttp2({ maxConcurrentStreams: maxStreamsPerConnection, maxAge }, (server) => {
    server.on('stream', (stream, headers) => {
      const method = admitted(stream, headers, methods)
      if (method !== undefined) void new GrpcCall(method, stream, headers, calls).serve(maxRequestBytes)
    })
  })
  const unwatch = maxAge?.watch(() => {
    for (const call of calls) if (maxAge.isDue(call.openForMs)) void call.stop(moveOn())
  })
  const gate = await openGate({ ...options, http2: http2.accept })

  let stopped: Promise<void> | undefined
  const shutDown = async (graceMs: number): Promise<void> => {
    unwatch?.()
    const closed = gate.close()
    http2.close()
    for (const call of calls) void call.stop()
    const force = setTimeout(() => gate.destroy(), graceMs)
    await closed
    clearTimeout(force)
  }
  const stop = (graceMs = 10_000): Promise<void> => {
    stopped ??= shutDown(graceMs)
    return stopped
  }
  return { port: gate.port, stop, [Symbol.asyncDispose]: () => stop() }
}

/** The RPC that a stream asks for. Anything that is no call of ours is answered here. */
function admitted(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, methods: ReadonlyMap<string, RpcMethod>): RpcMethod | undefined {
  const { ':method': verb, ':path': path = '', 'content-type': type = '' } = headers as Record<string, string>
  if (verb !== 'POST') return refused(stream, { ':status': 405, allow: 'POST' })
  if (!/^application\/grpc(\+proto)?($|;)/.test(type)) return refused(stream, { ':status': 415 })
  const method = methods.get(path)
  if (method !== undefined) return method
  const unknown = new ChatError('METHOD_NOT_FOUND', `This server has no RPC ${path}.`)
  return refused(stream, {
    ':status': 200,
    'content-type': 'application/grpc+proto',
    ...statusTrailers(unknown),
    'grpc-status': UNIMPLEMENTED,
  })
}

/** gRPC clients know an unknown RPC by this status. */
const UNIMPLEMENTED = '12'

function refused(stream: ServerHttp2Stream, headers: Record<string, string | number>): undefined {
  stream.on('error', () => {})
  stream.respond(headers, { endStream: true })
  stream.resume()
}
