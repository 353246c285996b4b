import { ChatError } from '@chat4all/base'
import type { LiveBus } from '@chat4all/ports'

/** A connection that moves to another server of the bus is back within a second. */
const GRACE_MS = 3_000

/** Whether this gateway has lost the live bus, for longer than a moment. Its streams would be silent then, so clients are better off at another gateway. */
export class CutOff {
  readonly #onChange: (cutOff: boolean) => void
  #timer: NodeJS.Timeout | undefined
  #cutOff = false

  constructor(onChange: (cutOff: boolean) => void) {
    this.#onChange = onChange
  }

  /** Returns how to stop. */
  watch(bus: LiveBus): () => void {
    const unwatch = bus.onLoss({ began: () => this.#began(), over: () => this.#over() })
    return () => {
      unwatch()
      clearTimeout(this.#timer)
    }
  }

  /** Throws while it lasts. */
  refuse(): void {
    if (this.#cutOff) throw cutOffError()
  }

  #began(): void {
    this.#timer ??= setTimeout(() => this.#set(true), GRACE_MS)
  }

  #over(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#cutOff) this.#set(false)
  }

  #set(cutOff: boolean): void {
    this.#cutOff = cutOff
    this.#onChange(cutOff)
  }
}

export function cutOffError(): ChatError {
  return new ChatError('ENGINE_UNAVAILABLE', 'This gateway is cut off from the live bus. Subscribe at another one with the last cursor.')
}
