import { lookup } from 'node:dns/promises'
import { experimental, Metadata, status } from '@grpc/grpc-js'

/** A list of `host:port`, names and addresses alike. The resolvers of grpc-js take one name, or addresses only, and look again only when a connection breaks. */
export const HOSTS_SCHEME = 'hosts'

/** New servers behind a name get calls after this at the latest. */
const LOOK_AGAIN_MS = 10_000
const MIN_PAUSE_MS = 1_000

/** Makes the scheme known to grpc-js. */
export function registerHostResolver(): void {
  experimental.registerResolver(HOSTS_SCHEME, HostResolver)
}

interface Host {
  readonly host: string
  readonly port: number
}

class HostResolver implements experimental.Resolver {
  readonly #hosts: readonly Host[]
  readonly #listener: experimental.ResolverListener
  #timer: NodeJS.Timeout | undefined
  #lookedAt = Number.NEGATIVE_INFINITY
  #known = ''

  constructor(target: experimental.GrpcUri, listener: experimental.ResolverListener) {
    this.#hosts = hostsOf(target.path)
    this.#listener = listener
  }

  static getDefaultAuthority({ path }: experimental.GrpcUri): string {
    return hostsOf(path)[0]!.host
  }

  updateResolution(): void {
    const pause = Math.max(0, this.#lookedAt + MIN_PAUSE_MS - performance.now())
    this.#schedule(pause)
  }

  destroy(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#known = ''
  }

  #schedule(afterMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#look(), afterMs).unref()
  }

  async #look(): Promise<void> {
    const timer = this.#timer
    this.#lookedAt = performance.now()
    const found = await Promise.all(this.#hosts.map(addressesOf))
    if (this.#timer !== timer) return
    this.#tell([...new Set(found.flat())].sort())
    this.#schedule(LOOK_AGAIN_MS)
  }

  /** The balancer starts over with each list: it is told only of changes. A name that can't be looked up just now changes nothing. */
  #tell(addresses: readonly string[]): void {
    if (addresses.length === 0) {
      if (this.#known === '') this.#listener(experimental.statusOrFromError(NOT_FOUND), {}, null, '')
      return
    }
    if (this.#known === addresses.join()) return
    this.#known = addresses.join()
    const endpoints = addresses.map((address) => ({ addresses: hostsOf(address) as Host[] }))
    this.#listener(experimental.statusOrFromValue(endpoints), {}, null, '')
  }
}

const NOT_FOUND = { code: status.UNAVAILABLE, details: 'no address is known', metadata: new Metadata() }

/** `address:port` of each address that a name has now. */
async function addressesOf({ host, port }: Host): Promise<readonly string[]> {
  const found = await lookup(host, { all: true }).catch(() => [])
  return found.map(({ address, family }) => (family === 6 ? `[${address}]:${port}` : `${address}:${port}`))
}

/** Throws on anything that is no `host:port`. */
function hostsOf(list: string): readonly Host[] {
  return list.split(',').map((text) => {
    const split = experimental.splitHostPort(text)
    if (split?.port === undefined || split.host === '') throw new Error(`${JSON.stringify(text)} is not host:port`)
    return { host: split.host, port: split.port }
  })
}
