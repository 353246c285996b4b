import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

const HOST = '127.0.0.1'

/** Passes each connection on to one of several ports that are up, in turn: what a load balancer does in front of gateways. */
export class Balancer implements AsyncDisposable {
  readonly #server: Server
  readonly #targets: () => readonly number[]
  readonly #sockets = new Set<Socket>()
  #turn = 0

  private constructor(targets: () => readonly number[]) {
    this.#targets = targets
    this.#server = createServer((client) => {
      // Clients that go away while they wait are nobody's problem.
      client.on('error', () => {})
      this.#serve(client, this.#inTurn())
    })
  }

  /** Throws when the port is taken. */
  static async listen(port: number, targets: () => readonly number[]): Promise<Balancer> {
    const balancer = new Balancer(targets)
    balancer.#server.listen(port, HOST)
    await once(balancer.#server, 'listening')
    return balancer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server.close(), 'close')
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #inTurn(): readonly number[] {
    const targets = this.#targets()
    const first = this.#turn++ % Math.max(1, targets.length)
    return [...targets.slice(first), ...targets.slice(0, first)]
  }

  /** A target that does not answer is no reason to fail while there is another. */
  #serve(client: Socket, [target, ...others]: readonly number[]): void {
    if (target === undefined) return void client.destroy()
    const upstream = connect(target, HOST)
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    const elsewhere = () => this.#serve(client, others)
    upstream.once('error', elsewhere)
    upstream.once('connect', () => {
      upstream.off('error', elsewhere)
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket)
        socket.setNoDelay()
        socket.on('error', end).once('close', () => {
          this.#sockets.delete(socket)
          end()
        })
      }
      client.pipe(upstream)
      upstream.pipe(client)
    })
  }
}
