import type { Message, Receipt } from '@chat4all/sdk'
import type { Tick } from './message-line.ts'

/** What a receipt newly says about one's own messages. */
export interface TickChange {
  readonly tick: Tick
  readonly through: bigint
}

/** Follows how far one's own messages came, per conversation and recipient. Tells each step once. */
export class OwnTicks {
  /** The last own message in each conversation. */
  readonly #last = new Map<string, bigint>()
  readonly #told = new Map<string, bigint>()

  sent({ conversationId, sequence }: Message): void {
    this.#last.set(conversationId, sequence)
  }

  /** Receipts that cover no own message that they did not cover before say nothing. */
  take(conversationId: string, { userId, deliveredThrough, readThrough }: Receipt): readonly TickChange[] {
    const last = this.#last.get(conversationId)
    if (last === undefined) return []
    const steps = [
      { tick: 'delivered' as const, through: lowest(last, deliveredThrough) },
      { tick: 'read' as const, through: lowest(last, readThrough) },
    ]
    return steps.filter(({ tick, through }) => through > 0n && this.#isNews(`${conversationId} ${userId} ${tick}`, through))
  }

  #isNews(key: string, through: bigint): boolean {
    if (through <= (this.#told.get(key) ?? 0n)) return false
    this.#told.set(key, through)
    return true
  }
}

const lowest = (a: bigint, b: bigint): bigint => (a < b ? a : b)
