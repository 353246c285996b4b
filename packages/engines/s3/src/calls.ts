import { Readable } from 'node:stream'
import { type BlobContent, exactly } from '@chat4all/ports'
import { toPortError } from './errors.ts'

/** Content is framed, with its checksum behind it. Without the frame, some servers take a connection that breaks in the middle for the end, and store what they have. */
export const CONTENT_CHECK = { ChecksumAlgorithm: 'CRC32' } as const

/** What the SDK takes beside a command. */
export interface HttpOptions {
  readonly abortSignal?: AbortSignal
}

type Call<T> = (options: HttpOptions) => Promise<T>

/** Makes a call that the signal ends. Errors are the port's, but for refusals. */
export async function call<T>(signal: AbortSignal | undefined, send: Call<T>): Promise<T> {
  try {
    return await send(signal ? { abortSignal: signal } : {})
  } catch (error) {
    throw toPortError(error, signal)
  }
}

/** Makes a call that sends content. When the content fails, the call is ended, and its error is the content's. */
export async function callWithContent<T>(
  { content, size, signal }: { readonly content: BlobContent; readonly size: number; readonly signal: AbortSignal | undefined },
  send: (body: Readable, options: HttpOptions) => Promise<T>,
): Promise<T> {
  const failed = new AbortController()
  const body = Readable.from(
    silently(exactly(content, size, signal), (error) => failed.abort(error)),
    { objectMode: false },
  )
  try {
    return await send(body, { abortSignal: signal ? AbortSignal.any([failed.signal, signal]) : failed.signal })
  } catch (error) {
    if (failed.signal.aborted) throw failed.signal.reason
    throw toPortError(error, signal)
  } finally {
    body.destroy()
  }
}

/** Content that stands still when it fails. The SDK reads bodies through streams that nobody watches for errors: one would end the process. */
async function* silently(content: BlobContent, onError: (error: unknown) => void): AsyncGenerator<Uint8Array> {
  try {
    yield* content
  } catch (error) {
    onError(error)
    await new Promise(() => {})
  }
}
