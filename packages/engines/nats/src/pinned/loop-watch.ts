const TICK_MS = 500

/** Notices that the event loop stood still: what it meanwhile took for granted may be over. */
export class LoopWatch implements Disposable {
  #tickedAt = performance.now()
  readonly #timer = setInterval(() => {
    this.#tickedAt = performance.now()
  }, TICK_MS).unref()

  /** Whether it stood still for so long, and no timer has run since. */
  wasBlockedFor(ms: number): boolean {
    return performance.now() - this.#tickedAt > ms
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
