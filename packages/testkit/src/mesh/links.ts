import { TcpProxy } from '../tcp-proxy.ts'
import type { Member } from './member.ts'

/** From a service to another member that it calls. */
export interface Link {
  readonly from: Member
  readonly to: Member
  readonly proxy: TcpProxy
}

/** The ways from the services to those they call: a proxy for each pair, for tests to cut. */
export class Links implements AsyncDisposable {
  readonly #links: Link[] = []

  /** The addresses at which one service reaches others. */
  async addresses(from: Member, others: readonly Member[]): Promise<string[]> {
    return await Promise.all(
      others.map(async (other) => {
        const proxy = await TcpProxy.start(Number(other.address.split(':')[1]))
        this.#links.push({ from, to: other, proxy })
        return `127.0.0.1:${proxy.port}`
      }),
    )
  }

  /** In the order of their names: which came first is by chance. */
  get all(): readonly Link[] {
    const name = ({ from, to }: Link) => `${from.name} ${to.name}`
    return this.#links.toSorted((a, b) => (name(a) < name(b) ? -1 : 1))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#links.map(({ proxy }) => proxy[Symbol.asyncDispose]()))
  }
}
