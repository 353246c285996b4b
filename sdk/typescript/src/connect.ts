import type { Transport } from '@connectrpc/connect'
import { openConnection } from '#platform'
import { createApi } from './api.ts'
import { withChatErrors, withToken } from './calls.ts'
import { ChatClient } from './client.ts'
import type { Connection, Protocol } from './platform.ts'
import { type TokenProvider, TokenSource } from './token.ts'

/** Where to connect, and as whom. */
export interface ConnectOptions {
  /** Default in Node `http://127.0.0.1:9090` (gRPC), in browsers `http://127.0.0.1:8080` (Connect). */
  readonly url?: string
  /** A token, or a provider that is asked again before it expires and when the server refuses it. */
  readonly token: string | TokenProvider
  /** API clients only: the user of their tenant in whose name calls are made. */
  readonly actAs?: string
  /** Node only. Default `grpc`; `connect` passes where only HTTP/1.1 does. */
  readonly protocol?: Protocol
  /** Any Connect transport instead of an own connection, for example an in-memory one. */
  readonly transport?: Transport
}

/**
 * Makes a client. Nothing is opened before the first call.
 *
 * @example
 * const chat = connect({ url: 'http://127.0.0.1:9090', token: userToken({ clientId, clientSecret, userId: 'ana' }) })
 * await chat.send({ to: 'bruno', text: 'Hello' })
 * await chat.close()
 */
export function connect(options: ConnectOptions): ChatClient {
  const connection: Connection = options.transport
    ? { transport: options.transport, bidi: true, close: () => {} }
    : openConnection(options.url, options.protocol)
  const plain = withChatErrors(connection.transport)
  const api = createApi(withToken(plain, new TokenSource(options.token, plain)))
  return new ChatClient(api, connection, options.actAs)
}
