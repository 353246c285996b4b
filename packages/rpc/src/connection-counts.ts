import type { Socket } from 'node:net'

/** How many connections each address has open. Grows with the number of addresses. */
export class ConnectionCounts {
  readonly #max: number
  readonly #counts = new Map<string, number>()

  constructor(max: number) {
    this.#max = max
  }

  /** Counts a connection until it closes. Returns false if its address has enough. */
  add(socket: Socket): boolean {
    const address = socket.remoteAddress ?? ''
    const count = this.#counts.get(address) ?? 0
    if (count >= this.#max) return false
    this.#counts.set(address, count + 1)
    socket.once('close', () => this.#remove(address))
    return true
  }

  #remove(address: string): void {
    const count = this.#counts.get(address)! - 1
    if (count === 0) this.#counts.delete(address)
    else this.#counts.set(address, count)
  }
}
