import { setTimeout as sleep } from 'node:timers/promises'

/** Pauses between tries: 50 ms, doubling up to 800 ms, with jitter, until something works again. */
export class Backoff {
  #ms = 50

  async pause(): Promise<void> {
    const ms = this.#ms
    this.#ms = Math.min(800, ms * 2)
    await sleep(ms * (0.5 + Math.random()))
  }

  reset(): void {
    this.#ms = 50
  }
}
