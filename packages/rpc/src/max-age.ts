import { ChatError } from '@chat4all/base'

const ROUND_MS = 60_000

/** When connections and streams that have been open for long make room, so that clients spread over servers that joined later. Within a tenth around the age, so that those who came together do not go together. */
export class MaxAge {
  readonly #ageMs: number
  readonly #roundMs: number

  constructor(ageMs: number, roundMs = ROUND_MS) {
    this.#ageMs = ageMs
    this.#roundMs = roundMs
  }

  /** Looks in rounds. Returns how to stop. */
  watch(round: () => void): () => void {
    const timer = setInterval(round, this.#roundMs).unref()
    return () => clearInterval(timer)
  }

  /** Asked once a round. */
  isDue(openForMs: number): boolean {
    if (openForMs < 0.9 * this.#ageMs) return false
    return openForMs >= 1.1 * this.#ageMs || Math.random() < this.#roundMs / (0.2 * this.#ageMs)
  }
}

/** What a stream is told that makes room. */
export const moveOn = (): ChatError =>
  new ChatError('SHUTTING_DOWN', 'The stream has been open for long, and makes room. Subscribe again with the last cursor.')
