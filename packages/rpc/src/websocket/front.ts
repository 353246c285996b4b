import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Call } from '../call.ts'
import { allowsOrigin } from '../cors.ts'
import type { RpcMethod } from '../invoke.ts'
import { LiveSocket, socketMethods } from './live-socket.ts'
import { SOCKET_FORMATS } from './socket-format.ts'

const LIVE_SOCKET_PATH = '/v1/live'
/** A proxy or a network that forgets idle connections takes longer; a client that is gone is noticed within two. */
const PING_MS = 30_000

export interface SocketFrontOptions {
  readonly maxRequestBytes: number
  readonly corsOrigins: readonly string[]
  readonly streams: Set<Call>
}

/** Sockets of one server. */
export interface SocketFront {
  /** Takes the request for an upgrade, with what came behind it. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Tells every client to come back elsewhere. */
  stop(): void
}

/** Serves live streams over WebSocket. Undefined if the server has none. */
export function socketFront(methods: ReadonlyMap<string, RpcMethod>, options: SocketFrontOptions): SocketFront | undefined {
  const served = socketMethods(methods)
  if (served === undefined) return undefined
  const { maxRequestBytes, corsOrigins, streams } = options
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: maxRequestBytes,
    // It would cost each socket a window of memory, and each event the CPU of a compression.
    perMessageDeflate: false,
    handleProtocols: (offered) => [...offered].find((name) => SOCKET_FORMATS.has(name)) ?? false,
  })
  const pings = setInterval(() => pingAll(server), PING_MS).unref()
  server.on('connection', (socket, request) => {
    alive.add(socket)
    socket.on('pong', () => alive.add(socket))
    const format = SOCKET_FORMATS.get(socket.protocol)
    if (format === undefined) return socket.close(4400, 'REQUEST_MALFORMED')
    new LiveSocket(socket, format, request.headers.authorization, { methods: served, streams })
  })
  return {
    upgrade(request, socket, head) {
      if (request.url?.split('?', 1)[0] !== LIVE_SOCKET_PATH) return refuse(socket, '404 Not Found')
      if (!allowsOrigin(corsOrigins, request)) return refuse(socket, '403 Forbidden')
      server.handleUpgrade(request, socket, head, (opened) => server.emit('connection', opened, request))
    },
    stop() {
      clearInterval(pings)
      for (const socket of server.clients) socket.close(4000, 'SHUTTING_DOWN')
    },
  }
}

/** Those that have said something since the last ping. */
const alive = new WeakSet<WebSocket>()

function pingAll({ clients }: WebSocketServer): void {
  for (const socket of clients) {
    if (!alive.delete(socket)) socket.terminate()
    else socket.ping()
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}
