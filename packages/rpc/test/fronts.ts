import type { Transport } from '@connectrpc/connect'
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport, Http2SessionManager } from '@connectrpc/connect-node'
import type { Client } from '@grpc/grpc-js'
import {
  Health,
  inMemoryTransport,
  type MaxAge,
  reflectionServices,
  type Stoppable,
  startGrpcServer,
  startHttpServer,
} from '../src/index.ts'
import { authenticate, Seen, services } from './fixture.ts'
import { grpcJsTransport } from './grpc-js-transport.ts'

/** Every way to reach the services, all in front of the same handlers. */
export class Fronts {
  readonly seen = new Seen()
  readonly health: Health
  readonly grpc: Stoppable
  readonly http: Stoppable
  readonly transports: Readonly<Record<FrontName, Transport>>
  readonly #sessions: Http2SessionManager[] = []
  readonly #clients: Client[] = []

  static async start({ maxAge }: { readonly maxAge?: MaxAge } = {}): Promise<Fronts> {
    const seen = new Seen()
    const own = services(seen)
    const health = new Health(own)
    const all = [...own, health.service, ...reflectionServices([...own, health.service])]
    const serving = { host: '127.0.0.1', port: 0, services: all, authenticate, ...(maxAge && { maxAge }) }
    const fronts = [await startGrpcServer(serving), await startHttpServer(serving)] as const
    return new Fronts(seen, health, ...fronts, inMemoryTransport(all, authenticate))
  }

  private constructor(seen: Seen, health: Health, grpc: Stoppable, http: Stoppable, memory: Transport) {
    this.seen = seen
    this.health = health
    this.grpc = grpc
    this.http = http
    const base = (port: number) => {
      const baseUrl = `http://127.0.0.1:${port}`
      const sessionManager = new Http2SessionManager(baseUrl)
      this.#sessions.push(sessionManager)
      return { baseUrl, sessionManager, acceptCompression: [] }
    }
    const http1 = { baseUrl: `http://127.0.0.1:${http.port}`, httpVersion: '1.1' } as const
    const http2 = { httpVersion: '2' } as const
    const track = (client: Client) => void this.#clients.push(client)
    this.transports = {
      'grpc-js': grpcJsTransport(grpc.port, track),
      'grpc-js on the HTTP port': grpcJsTransport(http.port, track),
      'gRPC of connect': createGrpcTransport(base(grpc.port)),
      'gRPC of connect on the HTTP port': createGrpcTransport(base(http.port)),
      'Connect on HTTP/1.1': createConnectTransport(http1),
      'Connect on HTTP/2': createConnectTransport({ ...base(http.port), ...http2 }),
      'Connect with JSON': createConnectTransport({ ...base(http.port), ...http2, useBinaryFormat: false }),
      'Connect with GET': createConnectTransport({ ...http1, useHttpGet: true }),
      'gRPC-Web on HTTP/1.1': createGrpcWebTransport(http1),
      'gRPC-Web on HTTP/2': createGrpcWebTransport({ ...base(http.port), ...http2 }),
      'in memory': memory,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close()
    for (const session of this.#sessions) session.abort()
    await Promise.all([this.grpc.stop(1000), this.http.stop(1000)])
  }
}

export const FRONTS = [
  'grpc-js',
  'grpc-js on the HTTP port',
  'gRPC of connect',
  'gRPC of connect on the HTTP port',
  'Connect on HTTP/1.1',
  'Connect on HTTP/2',
  'Connect with JSON',
  'Connect with GET',
  'gRPC-Web on HTTP/1.1',
  'gRPC-Web on HTTP/2',
  'in memory',
] as const
export type FrontName = (typeof FRONTS)[number]

/** HTTP/1.1 carries one direction after the other. */
export const FULL_DUPLEX = FRONTS.filter((name) => !name.includes('1.1') && !name.includes('GET'))
