import { connectionLost } from './errors.ts'

/** Yields what comes, and throws CONNECTION_LOST when nothing comes for a while. Counts only the time spent waiting, not the consumer's own. */
export async function* patiently<T>(messages: AsyncIterable<T>, silenceMs: () => number): AsyncGenerator<T> {
  const iterator = messages[Symbol.asyncIterator]()
  for (;;) {
    const next = await within(iterator.next(), silenceMs())
    if (next.done) return
    yield next.value
  }
}

function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(connectionLost(`heard nothing for ${ms} ms`)), ms)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
