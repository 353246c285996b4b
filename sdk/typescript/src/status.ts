import type { StatusEntry } from '#gen/chat4all/v1/message_pb.js'
import { type Api, withSignal } from './api.ts'
import { backoffMs, sleep } from './backoff.ts'
import { abortedError, toChatError } from './errors.ts'

/** The ledger of a message so far, then each new line once, until every recipient has READ or FAILED. Survives disconnects. */
export async function* watchStatus(api: Api, messageId: string, signal?: AbortSignal): AsyncGenerator<StatusEntry> {
  const seen = new Set<string>()
  for (let attempt = 1; ; attempt++) {
    const stream = new AbortController()
    const end = () => stream.abort()
    signal?.addEventListener('abort', end, { once: true })
    try {
      if (signal?.aborted) throw abortedError(signal)
      for await (const { entries } of api.messages.watchMessageStatus({ messageId }, withSignal(stream.signal))) {
        yield* entries.filter((entry) => isNew(seen, entry))
      }
      return
    } catch (thrown) {
      const error = toChatError(thrown, signal)
      if (!error.retryable) throw error
      await sleep(backoffMs(attempt, error), signal)
    } finally {
      signal?.removeEventListener('abort', end)
      stream.abort()
    }
  }
}

function isNew(seen: Set<string>, { userId, channel, state }: StatusEntry): boolean {
  const key = `${userId} ${channel} ${state}`
  return !seen.has(key) && seen.add(key) !== undefined
}
