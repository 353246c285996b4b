import { type Api, withSignal } from './api.ts'
import { type ChangeEvent, toConversationEvent, toSnapshotEvent } from './events.ts'
import type { PageOptions } from './history.ts'

/** The durable changes of one conversation after a revision, up to now. */
export async function* changes(
  api: Api,
  conversationId: string,
  afterRevision: bigint,
  { pageSize = 200, signal }: PageOptions = {},
): AsyncGenerator<ChangeEvent> {
  let position = afterRevision
  for (;;) {
    const page = await api.sync.listChanges({ conversationId, afterRevision: position, pageSize }, withSignal(signal))
    if (page.snapshot) yield toSnapshotEvent(page.snapshot)
    for (const event of page.events) {
      const change = toConversationEvent(event)
      if (change) yield change
    }
    const reached = page.snapshot?.revision ?? page.events.at(-1)?.revision ?? position
    if (reached <= position || reached >= page.revision) return
    position = reached
  }
}

/** One run of catching up. Iterate it once; `cursor` is where the app stands after what it has taken. */
export class SyncRun implements AsyncIterable<ChangeEvent> {
  readonly #api: Api
  readonly #userId: string
  readonly #options: PageOptions
  #cursor: string

  constructor(api: Api, userId: string, cursor: string, options: PageOptions) {
    this.#api = api
    this.#userId = userId
    this.#cursor = cursor
    this.#options = options
  }

  /** Keep it for the next `sync` or `subscribe`. */
  get cursor(): string {
    return this.#cursor
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ChangeEvent> {
    const { pageSize = 200, signal } = this.#options
    for (let more = true; more; ) {
      const page = await this.#api.sync.syncChanges({ userId: this.#userId, cursor: this.#cursor, pageSize }, withSignal(signal))
      for (const snapshot of page.snapshots) yield toSnapshotEvent(snapshot)
      for (const event of page.events) {
        const change = toConversationEvent(event)
        if (change) yield change
      }
      this.#cursor = page.cursor
      more = page.more
    }
  }
}
