import type { Transport } from '@connectrpc/connect'

/** How to reach a server. What differs between Node and browsers is behind the import `#platform`. */
export interface Connection {
  readonly transport: Transport
  /** Whether a call may stream both ways: HTTP/2 can, `fetch` can't. */
  readonly bidi: boolean
  close(): void
}

/** The protocol to speak. gRPC needs HTTP/2, so it is Node's only. */
export type Protocol = 'grpc' | 'connect'
