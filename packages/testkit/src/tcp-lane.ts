import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Transform } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** What happens to the bytes of one direction. */
export interface Shape {
  /** How much later everything arrives. */
  readonly delayMs?: number
  /** At most this many bytes pass per second. */
  readonly bytesPerSecond?: number
  /** Nothing passes until the shape changes, not even the news that the other side has gone: the connection is open and silent. */
  readonly blackhole?: boolean
  /** Bytes are thrown away, as if they had been sent. */
  readonly drop?: boolean
}

interface Arrival {
  readonly chunk: Buffer
  readonly at: number
}

/** How many chunks may be under way: this many fit into a delay, and no reader is too slow for more. */
const UNDER_WAY = 256

/** One direction of all connections of a proxy. */
export class Lane {
  #shape: Shape = {}
  #changed = Promise.withResolvers<void>()

  set shape(shape: Shape) {
    this.#shape = shape
    this.#changed.resolve()
    this.#changed = Promise.withResolvers<void>()
  }

  /** Passes on what one socket receives, and how it ends. */
  async forward(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const { chunk, at } of arrivals(from)) await this.#pass(chunk, at, to)
      await this.#whileBlackhole()
      to.end()
    } catch {
      await this.#whileBlackhole()
      to.resetAndDestroy()
    }
  }

  async #pass(chunk: Buffer, at: number, to: Socket): Promise<void> {
    for (let rest = chunk; rest.length > 0 && !to.destroyed; ) {
      await this.#whileBlackhole()
      const { delayMs = 0, bytesPerSecond, drop } = this.#shape
      if (drop) return
      const early = at + delayMs - performance.now()
      if (early > 0) {
        await this.#sleep(early)
        continue
      }
      const size = bytesPerSecond ? Math.max(1, Math.floor(bytesPerSecond / 10)) : rest.length
      if (!to.write(rest.subarray(0, size))) await Promise.race([once(to, 'drain'), once(to, 'close')])
      rest = rest.subarray(size)
      if (bytesPerSecond) await this.#sleep(100)
    }
  }

  async #whileBlackhole(): Promise<void> {
    while (this.#shape.blackhole) await this.#changed.promise
  }

  /** Ends early when the shape changes. */
  async #sleep(ms: number): Promise<void> {
    await Promise.race([sleep(ms, undefined, { ref: false }), this.#changed.promise])
  }
}

/** The chunks that a socket receives, each with its time. Throws when the connection breaks. */
function arrivals(socket: Socket): AsyncIterable<Arrival> {
  const stamp = new Transform({
    readableObjectMode: true,
    readableHighWaterMark: UNDER_WAY,
    transform: (chunk: Buffer, _, done) => done(null, { chunk, at: performance.now() } satisfies Arrival),
  })
  socket.once('close', () => {
    if (!socket.readableEnded) stamp.destroy(new Error('the connection broke'))
  })
  return socket.pipe(stamp)
}
