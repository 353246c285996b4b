import type { Unsubscribe } from './live-bus.ts'

/** One device of a user. */
export interface PresenceKey {
  readonly tenantId: string
  readonly userId: string
  readonly deviceId: string
}

export interface PresenceEntry extends PresenceKey {
  /** What was put last. At most 4 KiB. */
  readonly value: Uint8Array
}

export type PresenceChange =
  /** Its value was put, for the first time or again. */
  | { readonly kind: 'present'; readonly entry: PresenceEntry }
  /** It was removed, or nobody refreshed it in time. */
  | { readonly kind: 'absent'; readonly key: PresenceKey }

/** Keys that expire: who is online, on which devices.
 *
 *  Not durable: after an outage everything may be gone, until it is put again. Of two puts of one key at the same
 *  time either may win. */
export interface PresenceStore extends AsyncDisposable {
  /** How long an entry stays without being put again. It is gone at most as long again after that. */
  readonly ttlMs: number

  /** Puts an entry in the place of the one with its key, and lets it live for `ttlMs` from now. Throws `EngineUnavailable`. */
  put(entry: PresenceEntry): Promise<void>

  /** Removes an entry at once. Nothing happens if there is none. Throws `EngineUnavailable`. */
  remove(key: PresenceKey): Promise<void>

  /** The entries of a user. Throws `EngineUnavailable`. */
  list(tenantId: string, userId: string): Promise<readonly PresenceEntry[]>

  /** Calls back with every entry of a user that is there, then with every change. Resolves when those that were there have been told. Refreshing an entry may be told, too, and a change more than once. The handler must not throw. */
  watch(tenantId: string, userId: string, handler: (change: PresenceChange) => void): Promise<Unsubscribe>
}
