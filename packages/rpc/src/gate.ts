import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { type Logger, silentLogger } from '@chat4all/base'
import { ConnectionCounts } from './connection-counts.ts'
import { type TlsFiles, tlsOptions, watchCertificate } from './tls.ts'

/** A listening port that hands over each connection once it has shown which protocol it speaks. */
export interface Gate {
  readonly port: number
  /** Stops accepting, and resolves when the last connection has ended. Open connections stay, unless they have said nothing yet. */
  close(): Promise<void>
  /** Ends every connection at once. */
  destroy(): void
}

export interface GateOptions {
  readonly host: string
  readonly port: number
  /** A connection that has not shown its protocol by then is closed. */
  readonly handshakeMs?: number
  /** More connections from one address are hung up on. Default: 10,000. */
  readonly maxConnectionsPerAddress?: number
  /** Without it the port speaks in the clear. */
  readonly tls?: TlsFiles
  readonly log?: Logger
  readonly http2: (socket: Socket) => void
  /** Takes what does not begin as HTTP/2. Without it every connection goes to `http2`. */
  readonly http1?: (socket: Socket) => void
}

/** What every HTTP/2 client sends first (RFC 9113 §3.4), followed by a SETTINGS frame. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
const FRAME_HEADER_BYTES = 9
const HANDSHAKE_BYTES = PREFACE.length + FRAME_HEADER_BYTES
const SETTINGS = 4

export function openGate(options: GateOptions): Promise<Gate> {
  const { host, port, handshakeMs = 10_000, maxConnectionsPerAddress = 10_000, tls, log = silentLogger, http1, http2 } = options
  const sockets = new Set<Socket>()
  const addresses = new ConnectionCounts(maxConnectionsPerAddress)
  const accept = (socket: Socket) => {
    socket.on('error', () => socket.destroy())
    if (http1 === undefined && tls === undefined) {
      closeIfSilent(socket, handshakeMs)
      http2(socket)
    } else {
      const refuse = () => socket.destroy()
      sniff(socket, handshakeMs, (protocol) => (protocol === 'http2' ? http2 : (http1 ?? refuse))(socket))
    }
  }
  const secured = tls && openTls(tls, handshakeMs, log, accept)
  const server = createServer({ noDelay: true }, (socket) => {
    if (!addresses.add(socket)) return socket.destroy()
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    if (secured === undefined) accept(socket)
    else secured.accept(socket)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      resolve({
        port: (server.address() as { port: number }).port,
        close: () => {
          secured?.close()
          const closed = new Promise<void>((done) => server.close(() => done()))
          for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
          return closed
        },
        destroy: () => {
          for (const socket of sockets) socket.destroy()
        },
      })
    })
  })
}

/** Shakes hands on sockets that somebody else accepts. */
function openTls(tls: TlsFiles, handshakeMs: number, log: Logger, secured: (socket: Socket) => void) {
  const server = createTlsServer(tlsOptions(tls, handshakeMs), secured)
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return {
    accept: (socket: Socket) => void server.emit('connection', socket),
    close: watchCertificate(tls, log, (options) => server.setSecureContext(options)),
  }
}

/** For ports that speak HTTP/2 only, in the clear. Looking into the bytes before HTTP/2 does costs 8 KB per connection. */
function closeIfSilent(socket: Socket, handshakeMs: number): void {
  setTimeout(() => {
    if (socket.bytesRead < HANDSHAKE_BYTES) socket.destroy()
  }, handshakeMs).unref()
}

function sniff(socket: Socket, handshakeMs: number, decided: (protocol: 'http1' | 'http2') => void): void {
  let seen: Buffer = Buffer.alloc(0)
  const timer = setTimeout(() => socket.destroy(), handshakeMs)
  const forget = () => clearTimeout(timer)
  // What is undecided is kept here: putting it back at once would fire 'readable' again, without end.
  const look = () => {
    const bytes: Buffer | null = socket.read()
    if (bytes === null) return
    seen = seen.length === 0 ? bytes : Buffer.concat([seen, bytes])
    const protocol = protocolOf(seen)
    if (protocol === undefined) return
    forget()
    // Nothing of this may stay behind: there are as many as there are connections.
    socket.off('readable', look).off('close', forget)
    socket.unshift(seen)
    decided(protocol)
  }
  socket.on('readable', look).once('close', forget)
}

/** Undefined while the bytes may still become either. */
function protocolOf(seen: Buffer): 'http1' | 'http2' | undefined {
  const length = Math.min(seen.length, PREFACE.length)
  if (PREFACE.compare(seen, 0, length, 0, length) !== 0) return 'http1'
  if (seen.length < HANDSHAKE_BYTES) return undefined
  return seen[PREFACE.length + 3] === SETTINGS ? 'http2' : 'http1'
}
