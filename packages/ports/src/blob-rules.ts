import {
  type BlobContent,
  type BlobKey,
  type BlobPart,
  type BlobRange,
  BlobSizeMismatch,
  type BlobUpload,
  MAX_PART_BYTES,
  MAX_PARTS,
  MIN_PART_BYTES,
  PartsMissing,
} from './blob-store.ts'

const MAX_KEY_LENGTH = 512
const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._=-]{0,199}(\/[A-Za-z0-9_-][A-Za-z0-9._=-]{0,199})*$/

/** Throws RangeError for what is no key. */
export function requireBlobKey(key: BlobKey): void {
  if (key.length > MAX_KEY_LENGTH || !KEY.test(key)) throw new RangeError(`not a key of a blob: ${JSON.stringify(key)}`)
}

export function requireBlobSize(size: number): void {
  requireInteger('size', size, 0, MAX_PART_BYTES)
}

export function requireRange({ offset, length }: BlobRange): void {
  requireInteger('offset', offset, 0, Number.MAX_SAFE_INTEGER)
  requireInteger('length', length, 1, Number.MAX_SAFE_INTEGER)
}

export function requireUploadSizes({ size, partSize }: Pick<BlobUpload, 'size' | 'partSize'>): void {
  requireInteger('partSize', partSize, MIN_PART_BYTES, MAX_PART_BYTES)
  requireInteger('size', size, 1, partSize * MAX_PARTS)
}

function requireInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return
  throw new RangeError(`${name} must be a whole number from ${min} to ${max}, not ${value}`)
}

/** How many parts an upload has. */
export function partCount({ size, partSize }: Pick<BlobUpload, 'size' | 'partSize'>): number {
  return Math.ceil(size / partSize)
}

/** How many bytes part `number` of an upload has. Throws RangeError when there is no such part. */
export function partBytes(upload: Pick<BlobUpload, 'size' | 'partSize'>, number: number): number {
  requireInteger('part number', number, 1, partCount(upload))
  return Math.min(upload.partSize, upload.size - (number - 1) * upload.partSize)
}

/** Throws `PartsMissing` unless all parts of an upload are there. */
export function requireAllParts(upload: BlobUpload, parts: readonly BlobPart[]): void {
  const sizes = new Map(parts.map((part) => [part.number, part.size]))
  const numbers = Array.from({ length: partCount(upload) }, (_, index) => index + 1)
  const missing = numbers.filter((number) => sizes.get(number) !== partBytes(upload, number))
  if (missing.length > 0) throw new PartsMissing(missing)
}

/** Hands content on, and throws `BlobSizeMismatch` unless it has exactly `size` bytes: before the first byte too many, or at the end.
 *  Waits for no content once the signal has aborted. */
export async function* exactly(content: BlobContent, size: number, signal?: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
  const iterator = content[Symbol.asyncIterator]()
  let taken = 0
  try {
    for (;;) {
      const { done, value } = await unlessAborted(iterator.next(), signal)
      if (done) break
      taken += value.length
      if (taken > size) throw new BlobSizeMismatch(size, 'more')
      yield value
    }
  } finally {
    // Not awaited: content that is stuck would hold up its reader.
    Promise.resolve(iterator.return?.()).catch(() => {})
  }
  if (taken < size) throw new BlobSizeMismatch(size, String(taken))
}

/** Rejects with the signal's reason as soon as it aborts. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
