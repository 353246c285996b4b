/** For so long a publisher goes by what it knew: who registers a consumer waits longer. */
export const TRUSTED_MS = 500
/** Where there are consumers, being late to hear that the last one went costs only what is published meanwhile. */
const KEPT_MS = 10_000

/** Whether anybody wants the events of one stream. The server drops what nobody wants, but only after it has gone through the log of all replicas. */
export class Interest {
  readonly #countConsumers: () => Promise<number>
  #wanted = true
  #knownUntil = Number.NEGATIVE_INFINITY
  #asking: Promise<boolean> | undefined

  constructor(countConsumers: () => Promise<number>) {
    this.#countConsumers = countConsumers
  }

  /** False: no consumer was registered when this was called, or half a second before. Throws what counting throws. Answers in the order of the calls. */
  async isThere(): Promise<boolean> {
    if (performance.now() < this.#knownUntil) return this.#wanted
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  /** Trusted from before the question on: a consumer may come while the answer is on its way. */
  async #ask(): Promise<boolean> {
    const askedAt = performance.now()
    this.#wanted = (await this.#countConsumers()) > 0
    this.#knownUntil = askedAt + (this.#wanted ? KEPT_MS : TRUSTED_MS)
    return this.#wanted
  }
}
