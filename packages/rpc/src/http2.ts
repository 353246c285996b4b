import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'

const PING_EVERY_MS = 60_000
const IDLE_MS = 300_000
const MAX_HEADER_BYTES = 16 * 1024
/** Per connection. Beyond it Node refuses new calls: its own 10 MB are too few for many slow readers behind one proxy. */
const SESSION_MEMORY_MB = 256

/** HTTP/2 over sockets that somebody else accepts. */
export function createHttp2(maxConcurrentStreams: number, attach: (server: Http2Server) => void) {
  const sessions = new Set<ServerHttp2Session>()
  const settings = { maxConcurrentStreams, maxHeaderListSize: MAX_HEADER_BYTES }
  const server = createServer({ settings, maxSessionMemory: SESSION_MEMORY_MB })
  attach(server)
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    closeWhenIdle(session)
  })
  const pings = setInterval(() => sessions.forEach(pingOrDestroy), PING_EVERY_MS).unref()
  return {
    accept: (socket: Socket) => void server.emit('connection', socket),
    /** Lets open calls finish, and takes no more. */
    close() {
      clearInterval(pings)
      for (const session of sessions) session.close()
    },
  }
}

function closeWhenIdle(session: ServerHttp2Session): void {
  let open = 0
  session.on('stream', (stream) => {
    open++
    stream.once('close', () => open--)
  })
  session.setTimeout(IDLE_MS, () => {
    if (open === 0) session.close()
  })
}

const unanswered = new WeakSet<ServerHttp2Session>()

/** Ends a connection whose peer has not answered since the last round. */
function pingOrDestroy(session: ServerHttp2Session): void {
  if (session.destroyed) return
  if (unanswered.has(session)) return session.destroy()
  unanswered.add(session)
  session.ping(() => unanswered.delete(session))
}
