/** Where time comes from, so that tests can hold it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

/** Microseconds since 1970, never twice the same and never falling within this process, even if the clock steps back. */
export function monotonicMicros(clock: Clock): () => bigint {
  let last = 0n
  return () => {
    const now = BigInt(clock.now()) * 1000n
    last = now > last ? now : last + 1n
    return last
  }
}
