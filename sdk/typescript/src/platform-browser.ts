import { createConnectTransport } from '@connectrpc/connect-web'
import type { Connection } from './platform.ts'

/** Connect over `fetch`, which opens and closes connections by itself. */
export function openConnection(url = 'http://127.0.0.1:8080'): Connection {
  return { transport: createConnectTransport({ baseUrl: url, useBinaryFormat: true }), bidi: false, close: () => {} }
}
