/** Runs work one after the other for each key, and at the same time for different keys. */
export class KeyedQueue {
  /** When the last work of each key that has any will be over. */
  readonly #ends = new Map<string, Promise<void>>()

  /** Work that fails is its caller's affair: the next of the key runs all the same. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#ends.get(key)
    const turn = before ? before.then(work) : work()
    const end: Promise<void> = turn.then(
      () => this.#over(key, end),
      () => this.#over(key, end),
    )
    this.#ends.set(key, end)
    return turn
  }

  /** Resolves when the work that is there now is over. */
  async idle(): Promise<void> {
    await Promise.all(this.#ends.values())
  }

  #over(key: string, end: Promise<void>): void {
    if (this.#ends.get(key) === end) this.#ends.delete(key)
  }
}
