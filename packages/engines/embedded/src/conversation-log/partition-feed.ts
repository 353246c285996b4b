import { setTimeout } from 'node:timers/promises'
import type { LogEntry, PartitionOwner } from '@chat4all/ports'
import { Tail } from './tail.ts'

const PAUSE_AFTER_FAILURE_MS = 200

/** Delivers one partition to its owners, one owner at a time. */
export class PartitionFeed {
  readonly #readAfter: (position: bigint) => Promise<readonly LogEntry[]>
  #end: bigint
  #tail: Tail | undefined
  /** Resolves when all owners so far are done. */
  #free: Promise<void> = Promise.resolve()

  constructor(end: bigint, readAfter: (position: bigint) => Promise<readonly LogEntry[]>) {
    this.#end = end
    this.#readAfter = readAfter
  }

  get end(): bigint {
    return this.#end
  }

  /** A record was committed. Records come in the order of their positions. */
  push(entry: LogEntry): void {
    this.#end = entry.position
    this.#tail?.push(entry)
  }

  async own(owner: PartitionOwner, signal: AbortSignal): Promise<void> {
    const { promise: done, resolve: leave } = Promise.withResolvers<void>()
    const free = this.#free
    this.#free = free.then(() => done)
    try {
      await Promise.race([free, aborted(signal)])
      if (!signal.aborted) await this.#serve(owner, signal)
    } finally {
      leave()
    }
  }

  async #serve(owner: PartitionOwner, signal: AbortSignal): Promise<void> {
    const tail = new Tail(this.#end)
    const wake = () => tail.wake()
    this.#tail = tail
    signal.addEventListener('abort', wake)
    while (!signal.aborted) {
      await this.#deliver(tail, owner, signal).catch(() => pause(signal))
    }
    signal.removeEventListener('abort', wake)
    this.#tail = undefined
  }

  async #deliver(tail: Tail, owner: PartitionOwner, signal: AbortSignal): Promise<void> {
    let position = await owner.start()
    while (!signal.aborted) {
      const through = tail.after
      const behind = position < through
      const entries = behind ? await this.#readAfter(position) : tail.take(position)
      const last = entries.at(-1)
      if (last) {
        if (signal.aborted) return
        await owner.deliver(entries)
        position = last.position
      } else if (behind) position = through
      else await tail.changed()
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

async function pause(signal: AbortSignal): Promise<void> {
  await setTimeout(PAUSE_AFTER_FAILURE_MS, undefined, { signal }).catch(() => {})
}
