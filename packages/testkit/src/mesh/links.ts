import { TcpProxy } from '../tcp-proxy.ts'
import type { Member } from './member.ts'

/** The ways from the services to those they call: a proxy for each pair, for tests to cut. */
export class Links implements AsyncDisposable {
  readonly #proxies = new Map<string, TcpProxy>()

  /** The addresses at which one service reaches others. */
  async addresses(from: Member, others: readonly Member[]): Promise<string[]> {
    return await Promise.all(
      others.map(async (other) => {
        const proxy = await TcpProxy.start(Number(other.address.split(':')[1]))
        this.#proxies.set(`${from.name} ${other.name}`, proxy)
        return `127.0.0.1:${proxy.port}`
      }),
    )
  }

  between(from: Member, other: Member): TcpProxy {
    const proxy = this.#proxies.get(`${from.name} ${other.name}`)
    if (!proxy) throw new Error(`${from.name} has no way of its own to ${other.name}`)
    return proxy
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy[Symbol.asyncDispose]()))
  }
}
