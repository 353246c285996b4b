import type { Logger } from '@chat4all/base'
import type { PresenceChange, PresenceEntry, PresenceKey, PresenceStore, Unsubscribe } from '@chat4all/ports'
import { jetstreamManager } from '@nats-io/jetstream'
import { type KV, type KvEntry, Kvm, type KvWatchEntry } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/nats-core'
import { portError } from './errors.ts'
import { decodeKey, encodeKey, userKeys } from './presence/presence-key.ts'
import { applyTopology } from './topology/apply.ts'
import { PRESENCE_BUCKET, presencePlans, type Replicas } from './topology/table.ts'

const API_TIMEOUT_MS = 2_000
const TTL_MS = 60_000

export interface NatsPresenceOptions {
  readonly replicas: Replicas
  readonly logger: Logger
  /** At least 1 second. Whoever opens the store first sets it. Default 60 seconds. */
  readonly ttlMs?: number
}

/** Presence in a key-value bucket in memory, whose keys expire. */
export class NatsPresenceStore implements PresenceStore {
  readonly ttlMs: number
  readonly #kv: KV
  readonly #watches = new Set<Unsubscribe>()

  /** The connection stays the caller's. */
  static async open(connection: NatsConnection, { replicas, logger, ttlMs = TTL_MS }: NatsPresenceOptions): Promise<NatsPresenceStore> {
    const jsm = await jetstreamManager(connection, { timeout: API_TIMEOUT_MS, checkAPI: false })
    await applyTopology(jsm, presencePlans(ttlMs, replicas), logger)
    return new NatsPresenceStore(await new Kvm(connection).open(PRESENCE_BUCKET), ttlMs)
  }

  private constructor(kv: KV, ttlMs: number) {
    this.#kv = kv
    this.ttlMs = ttlMs
  }

  async put(entry: PresenceEntry): Promise<void> {
    await asking(() => this.#kv.put(encodeKey(entry), entry.value))
  }

  async remove(key: PresenceKey): Promise<void> {
    await asking(() => this.#kv.delete(encodeKey(key)))
  }

  async list(tenantId: string, userId: string): Promise<readonly PresenceEntry[]> {
    const changes = await this.#current(tenantId, userId)
    return changes.filter((change) => change.kind === 'present').map(({ entry }) => entry)
  }

  #current(tenantId: string, userId: string): Promise<readonly PresenceChange[]> {
    return asking(async () => {
      const changes: PresenceChange[] = []
      for await (const found of await this.#kv.history({ key: userKeys(tenantId, userId) })) changes.push(toChange(found))
      return changes
    })
  }

  /** The bucket tells those that are there first, but not that there are none. */
  async watch(tenantId: string, userId: string, handler: (change: PresenceChange) => void): Promise<Unsubscribe> {
    const { promise: told, resolve } = Promise.withResolvers<void>()
    const changes = await asking(() => this.#kv.watch({ key: userKeys(tenantId, userId) }))
    const stop = () => {
      changes.stop()
      this.#watches.delete(stop)
      resolve()
    }
    this.#watches.add(stop)
    void follow(changes, handler, resolve)
    if ((await this.#current(tenantId, userId)).length > 0) await told
    return stop
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stop of this.#watches) stop()
  }
}

async function follow(changes: AsyncIterable<KvWatchEntry>, handler: (change: PresenceChange) => void, told: () => void): Promise<void> {
  for await (const change of changes) {
    handler(toChange(change))
    if (change.delta === 0) told()
  }
}

function toChange({ key, operation, value }: KvEntry): PresenceChange {
  if (operation === 'PUT') return { kind: 'present', entry: { ...decodeKey(key), value } }
  return { kind: 'absent', key: decodeKey(key) }
}

async function asking<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw portError('presence', error)
  }
}
