import { setTimeout as sleep } from 'node:timers/promises'
import type { ConversationLog, MessageStore, Partition } from '@chat4all/ports'

/** How long to wait for the sequencer before answering without it. */
const PATIENCE_MS = 2_000

/** Waits until everything in the log now is ordered and stored, so that a caller sees the effect of what it did. Gives up quietly when the sequencer is behind: the change is accepted all the same. */
export class Ordered {
  readonly #log: ConversationLog
  readonly #store: MessageStore

  constructor(log: ConversationLog, store: MessageStore) {
    this.#log = log
    this.#store = store
  }

  /** Until a position of a partition is applied. False: it was not within the time. */
  async until(partition: Partition, position: bigint): Promise<boolean> {
    const deadline = performance.now() + PATIENCE_MS
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 50)) {
      const settled = await this.#store.settled()
      if ((settled.get(partition) ?? 0n) >= position) return true
      if (performance.now() > deadline) return false
      await sleep(pauseMs)
    }
  }

  /** Until everything that is now in a partition is applied. */
  async untilEnd(partition: Partition): Promise<void> {
    await this.until(partition, await this.#log.end(partition))
  }

  /** Until everything that is now in the log is applied. */
  async untilAllEnds(): Promise<void> {
    await Promise.all(Array.from({ length: this.#log.partitions }, (_, partition) => this.untilEnd(partition)))
  }
}
