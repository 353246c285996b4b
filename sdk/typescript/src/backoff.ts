import type { ChatError } from './errors.ts'
import { abortedError, toChatError } from './errors.ts'

const FIRST_MS = 100
const LONGEST_MS = 10_000

/** How long to wait before try number `attempt` (1, 2, …): doubling, with full jitter so that many clients spread out, never less than the server asks, and spread out beyond that as well. */
export function backoffMs(attempt: number, error?: ChatError, random: () => number = Math.random): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1))
  const jittered = Math.ceil(ceiling * (0.1 + 0.9 * random()))
  return Math.max(jittered, Math.ceil((error?.retryAfterMs ?? 0) * (1 + 0.5 * random())))
}

/** Resolves after `ms`, or at once when the signal aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })
}

export interface RetryOptions {
  readonly signal?: AbortSignal | undefined
  /** Default: as long as the signal allows. */
  readonly maxAttempts?: number
  /** Told about each failure that is followed by another try. */
  readonly onRetry?: (error: ChatError) => void
}

/** Repeats `call` while it fails with a retryable error. Throws ChatError. */
export async function retry<T>(call: () => Promise<T>, options: RetryOptions = {}): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call()
    } catch (thrown) {
      const error = toChatError(thrown, options.signal)
      if (!error.retryable || attempt === options.maxAttempts) throw error
      options.onRetry?.(error)
      await sleep(backoffMs(attempt, error), options.signal)
      if (options.signal?.aborted) throw abortedError(options.signal)
    }
  }
}
