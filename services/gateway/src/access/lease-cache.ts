import { LRUCache } from 'lru-cache'

interface Lease<V> {
  readonly value: V
  readonly until: number
}

/** Answers of the directory, each good for a lease, or until it is dropped. A dropped answer that is still on its way is not kept. */
export class LeaseCache<V> {
  readonly #leases: LRUCache<string, Lease<V>>
  readonly #loading = new Map<string, Promise<V>>()
  readonly #leaseMs: number

  constructor(options: { readonly max: number; readonly leaseMs: number }) {
    this.#leases = new LRUCache({ max: options.max })
    this.#leaseMs = options.leaseMs
  }

  /** The value, at once if it is here, else from `load`. Calls for one key share one load. A load that resolves to undefined is not kept. */
  get(key: string, load: () => Promise<V>): V | Promise<V> {
    const lease = this.#leases.get(key)
    if (lease !== undefined && lease.until > performance.now()) return lease.value
    return this.#loading.get(key) ?? this.#load(key, load)
  }

  drop(key: string): void {
    this.#leases.delete(key)
    this.#loading.delete(key)
  }

  async #load(key: string, load: () => Promise<V>): Promise<V> {
    // The lease runs from when the question was asked: the answer may be as old as that.
    const until = performance.now() + this.#leaseMs
    const loading = load()
    this.#loading.set(key, loading)
    try {
      const value = await loading
      if (this.#loading.get(key) === loading && value !== undefined) this.#leases.set(key, { value, until })
      return value
    } finally {
      if (this.#loading.get(key) === loading) this.#loading.delete(key)
    }
  }
}
