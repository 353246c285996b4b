import { createServer as createHttp1, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import { silentLogger } from '@chat4all/base'
import type { UniversalHandler } from '@connectrpc/connect/protocol'
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node'
import { type Call, shuttingDown } from './call.ts'
import { connectHandler } from './connect-handlers.ts'
import { applyCors } from './cors.ts'
import { openGate } from './gate.ts'
import { isGone } from './gone.ts'
import { createHttp2 } from './http2.ts'
import { bindMethods, type RpcMethod, type Serving } from './invoke.ts'
import { type MaxAge, moveOn } from './max-age.ts'
import { restFront, sendNoSuchPath } from './rest/index.ts'
import type { Stoppable } from './stoppable.ts'
import type { TlsFiles } from './tls.ts'
import { socketFront } from './websocket/index.ts'

/** Takes a request over HTTP/1.1 or HTTP/2. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void

export interface HttpServerOptions extends Serving {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** Handlers of plain HTTP paths (`/healthz`), for all HTTP methods. */
  readonly routes?: Readonly<Record<string, HttpHandler>>
  /** Takes what is neither an RPC nor a route. */
  readonly fallback?: HttpHandler
  /** Origins whose scripts may call: an origin, one with any port (`http://localhost:*`), or `*`. */
  readonly corsOrigins?: readonly string[]
  /** The largest request, in bytes. */
  readonly maxRequestBytes?: number
  /** Concurrent calls on one HTTP/2 connection. */
  readonly maxStreamsPerConnection?: number
  /** How long a new connection may take to send its first request head. */
  readonly handshakeMs?: number
  /** Connections and streams that are older make room. Default: never. */
  readonly maxAge?: MaxAge
  /** More connections from one address are hung up on. */
  readonly maxConnectionsPerAddress?: number
  /** Without it the port speaks in the clear. */
  readonly tls?: TlsFiles
}

const REQUEST_MS = 60_000
const KEEP_ALIVE_MS = 75_000
const MAX_REQUEST_BYTES = 4 * 1024 * 1024

/** Serves Connect, gRPC-Web, gRPC, REST and plain HTTP on one port, over HTTP/1.1 and HTTP/2. */
export async function startHttpServer(options: HttpServerOptions): Promise<Stoppable> {
  const { handshakeMs = 10_000, maxStreamsPerConnection = 1000, maxAge } = options
  const streams = new Set<Call>()
  let stopping = false
  const methods = bindMethods(options)
  const handle = requestHandler(options, methods, streams)
  const { maxRequestBytes = MAX_REQUEST_BYTES, corsOrigins = [] } = options
  const sockets = socketFront(methods, { maxRequestBytes, corsOrigins, streams })
  const http1 = createHttp1(
    { headersTimeout: handshakeMs, requestTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS, connectionsCheckingInterval: 1000 },
    (request, response) => {
      // A writer that waits for 'drain' waits for ever once the client is gone.
      response.once('close', () => {
        response.emit('drain')
        if (stopping) setImmediate(() => http1.closeIdleConnections())
      })
      handle(request, response)
    },
  )
  if (sockets) http1.on('upgrade', sockets.upgrade)
  // It never listens: without this event it would enforce no timeout and know no idle connection.
  http1.emit('listening')
  const http2 = createHttp2(
    { maxConcurrentStreams: maxStreamsPerConnection, maxAge },
    (server) => void server.on('request', handle as never),
  )
  const unwatch = maxAge?.watch(() => {
    for (const call of streams) if (maxAge.isDue(performance.now() - call.startedAt)) call.abort(moveOn())
  })
  const gate = await openGate({
    ...options,
    handshakeMs,
    http1: (socket) => http1.emit('connection', socket),
    http2: (socket) => http2.accept(socket),
  })

  const shutDown = async (graceMs: number): Promise<void> => {
    stopping = true
    unwatch?.()
    const closed = gate.close()
    http1.close()
    http1.closeIdleConnections()
    http2.close()
    for (const call of streams) call.abort(shuttingDown())
    sockets?.stop()
    const force = setTimeout(() => gate.destroy(), graceMs)
    await closed
    clearTimeout(force)
  }
  let stopped: Promise<void> | undefined
  const stop = (graceMs = 10_000): Promise<void> => {
    stopped ??= shutDown(graceMs)
    return stopped
  }
  return { port: gate.port, stop, [Symbol.asyncDispose]: () => stop() }
}

function requestHandler(options: HttpServerOptions, methods: ReadonlyMap<string, RpcMethod>, streams: Set<Call>) {
  const { routes = {}, fallback = notFound, corsOrigins = [], maxRequestBytes = MAX_REQUEST_BYTES, log = silentLogger } = options
  const rpcs = new Map<string, UniversalHandler>()
  for (const method of methods.values()) rpcs.set(method.path, connectHandler(method, maxRequestBytes, streams))
  const rest = restFront(methods.values(), { maxRequestBytes, streams })
  const plain = new Map(Object.entries(routes))

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      if (applyCors(corsOrigins, request, response)) return
      const path = request.url?.split('?', 1)[0] ?? ''
      const rpc = rpcs.get(path)
      endHalfReadRequests(request, response)
      if (rpc !== undefined) return await serveRpc(rpc, request, response)
      const route = plain.get(path)
      if (route !== undefined) return await route(request, response)
      if (!(await rest(request, response))) await fallback(request, response)
    } catch (error) {
      if (!response.headersSent) response.writeHead(500).end()
      if (!isGone(response)) log.error({ err: error, path: request.url?.split('?', 1)[0] }, 'request failed')
    }
  }
}

async function serveRpc(rpc: UniversalHandler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.httpVersionMajor < 2 && request.headers.host === undefined) return void response.writeHead(400).end()
  const universal = universalRequestFromNodeRequest(request, response, undefined, undefined)
  const body = request.iterator({ destroyOnReturn: false })
  await universalResponseToNodeResponse(await rpc({ ...universal, body }), response)
}

/** A request that is refused half-way must not stay open, and must not be closed before its answer is out. */
function endHalfReadRequests(request: IncomingMessage, response: ServerResponse | Http2ServerResponse): void {
  if ('stream' in response) {
    const { stream } = response
    stream.once('wantTrailers', () => setImmediate(() => stream.close()))
  } else {
    // HTTP/1.1 has no way to stop the sender: the rest is read unseen, until the request times out.
    response.once('finish', () => request.resume())
  }
}

const notFound: HttpHandler = (request, response) => {
  if (request.headers['content-type']?.startsWith('application/grpc')) {
    response.writeHead(200, { 'content-type': request.headers['content-type'], 'grpc-status': '12', 'grpc-message': 'no such RPC' }).end()
    return
  }
  // Clients of the Connect protocol read errors in its form.
  if (/^\/[\w.]+\.\w+\/\w+$/.test(request.url?.split('?', 1)[0] ?? '')) {
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"code":"not_found","message":"no such RPC"}')
    return
  }
  sendNoSuchPath(request, response)
}
