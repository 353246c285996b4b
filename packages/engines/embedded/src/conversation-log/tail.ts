import type { LogEntry } from '@chat4all/ports'

const MAX_ENTRIES = 4_096
const MAX_BYTES = 4 * 1024 * 1024

/** The newest records of a partition in memory, for an owner that keeps up. It holds every record after `after`. When they get too many it forgets them all, and the owner reads from disk. */
export class Tail {
  #after: bigint
  #entries: LogEntry[] = []
  #bytes = 0
  #wake: (() => void) | undefined

  /** `end`: the highest position of the partition now. */
  constructor(end: bigint) {
    this.#after = end
  }

  get after(): bigint {
    return this.#after
  }

  push(entry: LogEntry): void {
    this.#entries.push(entry)
    this.#bytes += entry.record.byteLength
    if (this.#entries.length > MAX_ENTRIES || this.#bytes > MAX_BYTES) this.#clear()
    this.wake()
  }

  /** Removes and returns what is newer than a position, which must not be below `after`. */
  take(position: bigint): readonly LogEntry[] {
    const entries = this.#entries
    this.#clear()
    const known = entries.findIndex((entry) => entry.position > position)
    return known === 0 ? entries : known < 0 ? [] : entries.slice(known)
  }

  /** Resolves at the next push, or `wake`. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  wake(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  #clear(): void {
    this.#after = this.#entries.at(-1)?.position ?? this.#after
    this.#entries = []
    this.#bytes = 0
  }
}
