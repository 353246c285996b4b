/** How much of a core a process may use: what it has not used in time is gone, what it took too much it waits for. As `cpu.max` of a cgroup. */
export class Budget {
  readonly #share: number
  readonly #mostMs: number
  #creditMs: number
  #at: number
  #used: number

  /** `share` of a core, from an instant on and from what the process had used by then. At most `mostMs` of its time is kept for it. */
  constructor(share: number, start: { readonly atMs: number; readonly usedMs: number }, mostMs = 20) {
    this.#share = share
    this.#mostMs = mostMs
    this.#creditMs = mostMs
    this.#at = start.atMs
    this.#used = start.usedMs
  }

  /** Whether the process may run, at an instant and with what it has used by then. */
  allows(atMs: number, usedMs: number): boolean {
    this.#creditMs = Math.min(this.#mostMs, this.#creditMs + (atMs - this.#at) * this.#share) - (usedMs - this.#used)
    this.#at = atMs
    this.#used = usedMs
    return this.#creditMs > 0
  }
}
