/** As long as the log's own window is trusted: see `fresh-id.ts`. */
const WINDOW_MS = 60_000
/** Ids of half a window at most; with more, the older half is forgotten sooner. About 20 MB. */
const MAX_IDS = 100_000

/** In which conversation this process has lately used a message id. The log finds a repeat only in the partition of its conversation. */
export class RecentIds {
  #newer = new Map<string, string>()
  #older = new Map<string, string>()
  #turnAt = 0

  /** Notes the use of an id. Returns false if it was used for another conversation. */
  use(id: string, conversationId: string, now: number): boolean {
    if (now >= this.#turnAt || this.#newer.size >= MAX_IDS) this.#turn(now)
    const used = this.#newer.get(id) ?? this.#older.get(id)
    if (used === undefined) this.#newer.set(id, conversationId)
    return used === undefined || used === conversationId
  }

  #turn(now: number): void {
    this.#older = now < this.#turnAt + WINDOW_MS ? this.#newer : new Map()
    this.#newer = new Map()
    this.#turnAt = now + WINDOW_MS
  }
}
