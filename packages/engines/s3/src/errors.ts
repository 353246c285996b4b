import { S3ServiceException } from '@aws-sdk/client-s3'
import { EngineUnavailable, StorageFull } from '@chat4all/ports'

/** What S3 servers say when they are full. Amazon's never is; others differ in the name. */
const FULL = new Set(['EntityQuotaExceeded', 'InsufficientStorage', 'QuotaExceeded', 'XMinioStorageFull'])
/** Refusals that pass by themselves. */
const LATER = new Set(['ConditionalRequestConflict', 'OperationAborted', 'RequestTimeout', 'SlowDown'])

/** The port's error for what the client or a body throws. Other refusals (status 4xx) stay what they are: {@link isRefusal} tells them. */
export function toPortError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason
  if (error instanceof TypeError || error instanceof RangeError) return error
  const cause = error instanceof Error ? error : new Error(String(error))
  if (!(cause instanceof S3ServiceException)) return new EngineUnavailable(cause.message, cause)
  const status = cause.$metadata.httpStatusCode ?? 0
  if (status === 507 || FULL.has(cause.name)) return new StorageFull(cause.message, cause)
  const passes = status < 400 || status >= 500 || status === 408 || status === 429 || LATER.has(cause.name)
  return passes ? new EngineUnavailable(`${cause.name}: ${cause.message}`, cause) : cause
}

/** Whether the server refused with one of these codes. */
export function isRefusal(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof S3ServiceException && names.includes(error.name)
}
