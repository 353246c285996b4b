import { setTimeout as sleep } from 'node:timers/promises'
import { isTransient, toPortError } from './errors.ts'

/** With their pauses 1.5 s: a connection that was lost is back within 0.5 s when its node still runs. */
const ATTEMPTS = 6
const FIRST_PAUSE_MS = 50
/** A caller waits at most this long and the time of one more attempt. */
const PATIENCE_MS = 8_000

/** Repeats what failed for a passing reason. The driver's own policy repeats neither read and write failures nor most unavailable ones. Only for idempotent statements: all of this engine's are. */
export async function withRetries<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (tries === ATTEMPTS || !isTransient(error) || performance.now() > deadline) throw toPortError(error)
      await sleep(FIRST_PAUSE_MS * 2 ** (tries - 1))
    }
  }
}
