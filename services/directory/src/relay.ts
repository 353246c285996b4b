import type { Logger } from '@chat4all/base'
import type { ConversationLog, Directory, OutboxEntry } from '@chat4all/ports'
import { KeyedQueue } from './keyed-queue.ts'

const BATCH = 100
const PAUSE_MS = 1000
/** The log knows a key for 60 s at least: what was read longer ago than half of that, another process may have carried over so long ago that the log would take it for new, and put it behind what came after it. */
const FRESH_MS = 30_000

interface RelayDeps {
  readonly directory: Directory
  readonly log: ConversationLog
  readonly logger: Logger
}

/** Carries what the directory committed into the conversation log, in order in each conversation.
 *
 *  Entries leave the outbox after the log has them, so a crash in between makes one come again: the log knows it by its
 *  key. */
export class OutboxRelay implements AsyncDisposable {
  readonly #deps: RelayDeps
  /** One relay at a time works on a conversation, so that a slow one never appends behind a later one. */
  readonly #queue = new KeyedQueue()
  #timer: NodeJS.Timeout | undefined
  #draining: Promise<void> | undefined

  constructor(deps: RelayDeps) {
    this.#deps = deps
  }

  /** Carries over what an earlier process left behind, and then looks again and again for what a failure left. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.#drain(), PAUSE_MS)
    this.#timer.unref()
    await this.#drain()
  }

  /** Resolves when everything that was committed about the conversation before this call is in the log. */
  flush(conversationId: string): Promise<void> {
    return this.#queue.run(conversationId, () => this.#empty(conversationId))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#draining
    await this.#queue.idle()
  }

  async #empty(conversationId: string): Promise<void> {
    for (;;) {
      const readAt = performance.now()
      const entries = await this.#deps.directory.outbox(conversationId, BATCH)
      const carried = await this.#carry(entries, readAt)
      if (carried.length > 0) await this.#deps.directory.clearOutbox(carried)
      if (carried.length === entries.length && entries.length < BATCH) return
    }
  }

  /** One after the other: a later entry must not be in the log when an earlier one failed. Stops when this process stood still meanwhile: then the outbox has to be read again. */
  async #carry(entries: readonly OutboxEntry[], readAt: number): Promise<readonly bigint[]> {
    const carried: bigint[] = []
    for (const entry of entries) {
      if (performance.now() - readAt > FRESH_MS) break
      await this.#append(entry)
      carried.push(entry.id)
    }
    return carried
  }

  async #append({ partition, conversationId, key, record }: OutboxEntry): Promise<void> {
    await this.#deps.log.append(partition, { conversationId, key, record })
  }

  #drain(): Promise<void> {
    this.#draining ??= this.#drainAll().finally(() => {
      this.#draining = undefined
    })
    return this.#draining
  }

  async #drainAll(): Promise<void> {
    try {
      const entries = await this.#deps.directory.outbox(undefined, BATCH)
      const conversationIds = [...new Set(entries.map((entry) => entry.conversationId))]
      await Promise.all(conversationIds.map((conversationId) => this.flush(conversationId)))
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'the outbox could not be carried over yet')
    }
  }
}
