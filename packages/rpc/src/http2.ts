import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { MaxAge } from './max-age.ts'

const PING_EVERY_MS = 60_000
/** Rounds of pings without an open call after which a connection is closed. */
const MAX_IDLE_ROUNDS = 5
const MAX_HEADER_BYTES = 16 * 1024
/** Per connection. With Node's 10 MB a few hundred slow readers on one connection end new calls on it. */
const SESSION_MEMORY_MB = 256

/** What is known of a connection. One small object each, and listeners that all share: there may be very many. */
interface Liveness {
  readonly openedAt: number
  openStreams: number
  idleRounds: number
  answered: boolean
}

export interface Http2Limits {
  readonly maxConcurrentStreams: number
  /** Connections that are older take no more calls. Those that are open go on. */
  readonly maxAge: MaxAge | undefined
}

/** HTTP/2 over sockets that somebody else accepts. */
export function createHttp2({ maxConcurrentStreams, maxAge }: Http2Limits, attach: (server: Http2Server) => void) {
  const sessions = new Map<ServerHttp2Session, Liveness>()
  const settings = { maxConcurrentStreams, maxHeaderListSize: MAX_HEADER_BYTES }
  const server = createServer({ settings, maxSessionMemory: SESSION_MEMORY_MB })
  attach(server)
  function onClose(this: ServerHttp2Session): void {
    sessions.delete(this)
  }
  function onStreamClose(this: ServerHttp2Stream): void {
    const liveness = this.session && sessions.get(this.session as ServerHttp2Session)
    if (liveness) liveness.openStreams--
  }
  server.on('session', (session) => {
    sessions.set(session, { openedAt: performance.now(), openStreams: 0, idleRounds: 0, answered: true })
    session.once('close', onClose)
  })
  server.on('stream', (stream) => {
    const liveness = stream.session && sessions.get(stream.session as ServerHttp2Session)
    if (liveness) liveness.openStreams++
    stream.once('close', onStreamClose)
  })
  const pings = setInterval(() => {
    for (const [session, liveness] of sessions) check(session, liveness)
  }, PING_EVERY_MS).unref()
  const unwatch = maxAge?.watch(() => {
    for (const [session, { openedAt }] of sessions) if (maxAge.isDue(performance.now() - openedAt)) session.close()
  })
  return {
    accept: (socket: Socket) => void server.emit('connection', socket),
    /** Lets open calls finish, and takes no more. */
    close() {
      clearInterval(pings)
      unwatch?.()
      for (const session of sessions.keys()) session.close()
    },
  }
}

/** Ends a connection whose peer has not answered since the last round, and closes one that nobody uses. */
function check(session: ServerHttp2Session, liveness: Liveness): void {
  if (session.destroyed || session.closed) return
  if (!liveness.answered) return session.destroy()
  liveness.idleRounds = liveness.openStreams === 0 ? liveness.idleRounds + 1 : 0
  if (liveness.idleRounds > MAX_IDLE_ROUNDS) return session.close()
  liveness.answered = false
  session.ping(() => {
    liveness.answered = true
  })
}
