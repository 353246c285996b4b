/** Lets many wait for the next change. Take `next` before looking: then no change is missed. */
export class ChangeSignal {
  #next = Promise.withResolvers<void>()

  get next(): Promise<void> {
    return this.#next.promise
  }

  raise(): void {
    this.#next.resolve()
    this.#next = Promise.withResolvers<void>()
  }
}
