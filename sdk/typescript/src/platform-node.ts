import { createConnectTransport, createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node'
import type { Connection, Protocol } from './platform.ts'

const DEFAULT_URLS: Record<Protocol, string> = { grpc: 'http://127.0.0.1:9090', connect: 'http://127.0.0.1:8080' }

/** Pings find a connection that died without a word; an unused one closes, so that it does not keep a program running for long. */
const KEEP_ALIVE = { pingIntervalMs: 10_000, pingTimeoutMs: 5_000, idleConnectionTimeoutMs: 60_000 }

/** Opens connections lazily, with the first call. */
export function openConnection(url?: string, protocol: Protocol = 'grpc'): Connection {
  const baseUrl = url ?? DEFAULT_URLS[protocol]
  if (protocol === 'connect') {
    return { transport: createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: true }), bidi: false, close: () => {} }
  }
  const sessionManager = new Http2SessionManager(baseUrl, KEEP_ALIVE)
  return { transport: createGrpcTransport({ baseUrl, sessionManager }), bidi: true, close: () => sessionManager.abort() }
}
