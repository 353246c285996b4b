/** Tells every listener what happens. A listener that throws does not disturb the others: its error surfaces as an unhandled one. */
export class Observable<T> {
  readonly #listeners = new Set<(value: T) => void>()

  /** Returns a function that ends the subscription. */
  subscribe(listener: (value: T) => void): () => void {
    const own = (value: T) => listener(value)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  emit(value: T): void {
    for (const listener of this.#listeners) {
      try {
        listener(value)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
