import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Lane, type Shape } from './tcp-lane.ts'

/** A TCP proxy on a free local port that misbehaves on demand. Shapes hold for open and new connections alike. */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server
  readonly #pairs = new Set<{ readonly client: Socket; readonly upstream: Socket }>()
  readonly #toClient = new Lane()
  readonly #toServer = new Lane()

  private constructor(targetPort: number) {
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client, targetPort))
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get connections(): number {
    return this.#pairs.size
  }

  /** From now on; a direction that is not named passes everything. */
  shape(shapes: { readonly toClient?: Shape; readonly toServer?: Shape }): void {
    this.#toClient.shape = shapes.toClient ?? {}
    this.#toServer.shape = shapes.toServer ?? {}
  }

  /** Cuts the two sides off from each other, until the shape changes: neither hears from the other, nor that it has gone. */
  partition(): void {
    this.shape({ toClient: { blackhole: true }, toServer: { blackhole: true } })
  }

  /** Lets everything pass again, first what was held back. */
  heal(): void {
    this.shape({})
  }

  /** Both ends of every connection see a reset (RST). */
  reset(): void {
    for (const { client, upstream } of this.#pairs) for (const socket of [client, upstream]) socket.resetAndDestroy()
  }

  /** This side of every connection sees the end of the stream and may go on sending. */
  halfClose(side: 'client' | 'server' = 'client'): void {
    for (const { client, upstream } of this.#pairs) (side === 'client' ? client : upstream).end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client, upstream } of this.#pairs) for (const socket of [client, upstream]) socket.destroy()
    this.heal()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(client: Socket, targetPort: number): void {
    const upstream = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true })
    const pair = { client, upstream }
    this.#pairs.add(pair)
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true)
      socket.on('error', () => {}) // its lane sees it
      socket.on('close', () => {
        if (client.destroyed && upstream.destroyed) this.#pairs.delete(pair)
      })
    }
    void this.#toServer.forward(client, upstream)
    void this.#toClient.forward(upstream, client)
  }
}
