import { newId } from '@chat4all/base'
import type { Appended, ConversationLog, LogEntry, PartitionOwner } from '@chat4all/ports'

/** What a caller appended, and where it stands. */
export interface Sent extends Appended {
  readonly text: string
}

/** Callers that append to partition 0 one record after the other until they are told to stop. A call that fails is repeated with its key. */
export class Traffic {
  readonly sent: Sent[] = []
  /** Keys of other traffic are known to the log. */
  readonly #prefix = newId()
  readonly #stop = new AbortController()
  readonly #callers: Promise<void>[]

  constructor(log: ConversationLog, callers: number, pauseMs = 0) {
    this.#callers = Array.from({ length: callers }, (_, caller) => this.#call(log, caller, pauseMs))
  }

  async #call(log: ConversationLog, caller: number, pauseMs: number): Promise<void> {
    for (let turn = 0; !this.#stop.signal.aborted; turn += 1) {
      const text = `${caller}/${turn}`
      const appended = await persistently(() =>
        log.append(0, { conversationId: 'c', key: `${this.#prefix}/${text}`, record: Buffer.from(text) }),
      )
      this.sent.push({ ...appended, text })
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }

  /** Resolves when every call is answered. */
  async stop(): Promise<readonly Sent[]> {
    this.#stop.abort()
    await Promise.all(this.#callers)
    return this.sent.toSorted((a, b) => Number(a.position - b.position))
  }
}

async function persistently<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt()
  } catch {
    return persistently(attempt)
  }
}

/** A sequencer's store: every position it was given, each with what was in it. What it gets again is the same, or it says so. */
export class Ledger {
  readonly texts = new Map<bigint, string>()
  readonly violations: string[] = []
  checkpoint = 0n

  /** Keeps what an owner was given, and moves the checkpoint behind it. */
  write(entries: readonly LogEntry[]): void {
    for (const { position, record } of entries) {
      const text = Buffer.from(record).toString()
      const before = this.texts.get(position)
      if (before !== undefined && before !== text) this.violations.push(`position ${position} is ${before}, then ${text}`)
      this.texts.set(position, text)
    }
    const last = entries.at(-1)!.position
    if (last > this.checkpoint) this.checkpoint = last
  }
}

/** An owner that works on a ledger that it shares with others. */
export class LedgerOwner implements PartitionOwner {
  readonly #ledger: Ledger
  readonly #delayMs: number
  /** Unknown before the first record of all. */
  #expected: bigint | undefined
  readonly deliveredAt: number[] = []

  constructor(ledger: Ledger, delayMs = 0) {
    this.#ledger = ledger
    this.#delayMs = delayMs
  }

  async start(): Promise<bigint> {
    this.#expected = this.#ledger.checkpoint === 0n ? undefined : this.#ledger.checkpoint + 1n
    return this.#ledger.checkpoint
  }

  async deliver(entries: readonly LogEntry[]): Promise<void> {
    for (const { position } of entries) {
      if (position !== (this.#expected ?? position)) this.#ledger.violations.push(`got ${position} where ${this.#expected} comes next`)
      this.#expected = position + 1n
    }
    await new Promise((resolve) => setTimeout(resolve, this.#delayMs))
    this.#ledger.write(entries)
    this.deliveredAt.push(performance.now())
  }
}
