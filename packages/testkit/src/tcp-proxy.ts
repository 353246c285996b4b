import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What happens to the bytes of one direction. */
export interface Shape {
  /** Every chunk waits this long. */
  readonly delayMs?: number
  /** At most this many bytes pass per second. */
  readonly bytesPerSecond?: number
  /** Nothing passes until the shape changes: the connection stays open and silent. */
  readonly blackhole?: boolean
  /** Bytes are thrown away, as if they had been sent. */
  readonly drop?: boolean
}

/** A TCP proxy on a free local port that misbehaves on demand. Shapes hold for open and new connections alike. */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server
  readonly #pairs = new Set<{ readonly client: Socket; readonly upstream: Socket }>()
  #toClient: Shape = {}
  #toServer: Shape = {}
  #changed = Promise.withResolvers<void>()

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

  shape(shapes: { readonly toClient?: Shape; readonly toServer?: Shape }): void {
    this.#toClient = shapes.toClient ?? {}
    this.#toServer = shapes.toServer ?? {}
    this.#changed.resolve()
    this.#changed = Promise.withResolvers<void>()
  }

  /** Both ends of every connection see a reset (RST). */
  reset(): void {
    for (const { client, upstream } of this.#pairs) for (const socket of [client, upstream]) socket.resetAndDestroy()
  }

  /** Clients see the end of the stream and may go on sending. */
  halfClose(): void {
    for (const { client } of this.#pairs) client.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.shape({})
    for (const { client, upstream } of this.#pairs) for (const socket of [client, upstream]) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(client: Socket, targetPort: number): void {
    const upstream = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true })
    const pair = { client, upstream }
    this.#pairs.add(pair)
    for (const [socket, other] of [[client, upstream] as const, [upstream, client] as const]) {
      socket.setNoDelay(true)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        other.destroy()
        this.#pairs.delete(pair)
      })
    }
    void this.#forward(client, upstream, () => this.#toServer)
    void this.#forward(upstream, client, () => this.#toClient)
  }

  async #forward(from: Socket, to: Socket, shape: () => Shape): Promise<void> {
    try {
      for await (const chunk of from) await this.#pass(chunk, to, shape)
      to.end()
    } catch {
      to.destroy()
    }
  }

  async #pass(chunk: Buffer, to: Socket, shape: () => Shape): Promise<void> {
    for (let rest = chunk; rest.length > 0 && !to.destroyed; ) {
      const { delayMs, bytesPerSecond, blackhole, drop } = shape()
      if (drop) return
      if (blackhole) {
        await this.#changed.promise
        continue
      }
      if (delayMs) await sleep(delayMs)
      const size = bytesPerSecond ? Math.max(1, Math.floor(bytesPerSecond / 10)) : rest.length
      if (!to.write(rest.subarray(0, size))) await Promise.race([once(to, 'drain'), once(to, 'close')])
      rest = rest.subarray(size)
      if (bytesPerSecond) await Promise.race([sleep(100), this.#changed.promise])
    }
  }
}
