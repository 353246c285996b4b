import { ChatError } from '@chat4all/base'
import { Server, ServerCredentials, type ServerInterceptor, status } from '@grpc/grpc-js'
import { type Gate, openGate } from './gate.ts'
import { grpcStatus, type OpenStream, serveBidi, serveServerStream, serveUnary } from './grpc-call.ts'
import { bindMethods, type RpcMethod, type Serving } from './invoke.ts'
import type { Stoppable } from './stoppable.ts'

export interface GrpcServerOptions extends Serving {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** The largest request, in bytes. */
  readonly maxRequestBytes?: number
  /** Concurrent calls on one connection. */
  readonly maxStreamsPerConnection?: number
  /** Closes connections after this time, so that clients spread over new servers. Off by default. */
  readonly maxConnectionAgeMs?: number
  /** How long a new connection may take to speak HTTP/2. */
  readonly handshakeMs?: number
}

const PING_EVERY_MS = 60_000
const PING_TIMEOUT_MS = 20_000
const IDLE_CONNECTION_MS = 300_000
const CONNECTION_GRACE_MS = 30_000

/** Serves gRPC on grpc-js, plaintext. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<Stoppable> {
  const streams = new Set<OpenStream>()
  const server = new Server(channelOptions(options))
  for (const method of bindMethods(options).values()) register(server, method, streams)
  const connections = server.createConnectionInjector(ServerCredentials.createInsecure())
  const gate = await openGate({ ...options, http2: (socket) => connections.injectConnection(socket) })

  let stopped: Promise<void> | undefined
  const stop = (graceMs = 10_000): Promise<void> => {
    stopped ??= shutDown(server, streams, gate, graceMs)
    return stopped
  }
  return { port: gate.port, stop, [Symbol.asyncDispose]: () => stop() }
}

/** Bytes in, bytes out: decoding is ours, so that bytes that are no message are the caller's error and not the server's. */
const serialize = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const deserialize = (bytes: Buffer) => bytes

function register(server: Server, method: RpcMethod, streams: Set<OpenStream>): void {
  const { methodKind } = method.desc
  if (methodKind === 'unary') server.register(method.path, serveUnary(method), serialize, deserialize, 'unary')
  else if (methodKind === 'server_streaming')
    server.register(method.path, serveServerStream(method, streams), serialize, deserialize, 'serverStream')
  else if (methodKind === 'bidi_streaming') server.register(method.path, serveBidi(method, streams), serialize, deserialize, 'bidi')
  else throw new Error(`${method.path}: no API of ours streams only from the client`)
}

function channelOptions({ maxRequestBytes, maxStreamsPerConnection, maxConnectionAgeMs }: GrpcServerOptions) {
  return {
    'grpc.max_receive_message_length': maxRequestBytes ?? 4 * 1024 * 1024,
    'grpc.max_concurrent_streams': maxStreamsPerConnection ?? 1000,
    'grpc.keepalive_time_ms': PING_EVERY_MS,
    'grpc.keepalive_timeout_ms': PING_TIMEOUT_MS,
    'grpc.max_connection_idle_ms': IDLE_CONNECTION_MS,
    // Saves memory per connection; nothing reads it.
    'grpc.enable_channelz': 0,
    ...(maxConnectionAgeMs === undefined
      ? {}
      : { 'grpc.max_connection_age_ms': maxConnectionAgeMs, 'grpc.max_connection_age_grace_ms': CONNECTION_GRACE_MS }),
    interceptors: [completeStatus],
  }
}

/**
 * grpc-js ends some calls itself: too large a request, a passed deadline. This gives their status the reason that clients
 * branch on. It replaces one function on the call and wraps nothing: a wrapped call costs several microseconds.
 */
const completeStatus: ServerInterceptor = (_method, call) => {
  const send = call.sendStatus.bind(call)
  call.sendStatus = ({ code, details, metadata }) => {
    if (code === status.OK) send({ code, details: '', metadata })
    else send({ code, details, ...(metadata ? { metadata } : reasoned(code, details)) })
  }
  return call as ReturnType<ServerInterceptor>
}

function reasoned(code: status, details: string) {
  if (code === status.RESOURCE_EXHAUSTED) return grpcStatus(new ChatError('REQUEST_TOO_LARGE', details))
  if (code === status.DEADLINE_EXCEEDED) return grpcStatus(new ChatError('DEADLINE_EXCEEDED', details))
  return {}
}

/** Lets calls finish and tells streams to reconnect. After the grace time, cuts what is left. */
async function shutDown(server: Server, streams: ReadonlySet<OpenStream>, gate: Gate, graceMs: number): Promise<void> {
  const closed = gate.close()
  // Its callback comes too early: grpc-js takes a connection that only began to close for a closed one.
  server.tryShutdown(() => {})
  for (const stream of streams) stream.stop()
  const force = setTimeout(() => {
    server.forceShutdown()
    gate.destroy()
  }, graceMs)
  await closed
  clearTimeout(force)
}
