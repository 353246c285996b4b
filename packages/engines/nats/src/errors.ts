import { EngineUnavailable, StorageFull } from '@chat4all/ports'
import { JetStreamApiError } from '@nats-io/jetstream'

/** Codes of the server (its `errors.json`) that this engine tells apart. */
export const CODE = {
  accountResourcesExceeded: 10002,
  insufficientResources: 10023,
  noMessageFound: 10037,
  storageResourcesExceeded: 10047,
  streamNameInUse: 10058,
  streamNotFound: 10059,
  wrongLastMessageId: 10070,
  wrongLastSequence: 10071,
  storeFailed: 10077,
  consumerNotFound: 10014,
  batchHasDuplicate: 10201,
} as const

const OUT_OF_SPACE: readonly number[] = [CODE.accountResourcesExceeded, CODE.insufficientResources, CODE.storageResourcesExceeded]
/** A request that can never succeed: of the client errors only these come and go. */
const PASSING_CLIENT_ERRORS: readonly number[] = [
  10158, // the same id is being stored
  10176, // part of a batch was lost
]

export const hasCode = (error: unknown, code: number) => error instanceof JetStreamApiError && error.code === code

/** The stream stored nothing because there is no space, or its limit is reached. */
export function isOutOfSpace(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError)) return false
  if (error.code === CODE.storeFailed) return /maximum (bytes|messages) exceeded|no space left/i.test(error.message)
  return OUT_OF_SPACE.includes(error.code)
}

/** Whether the same request may succeed later: no leader, no answer, no connection, too much at once. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError)) return !(error instanceof RangeError || error instanceof TypeError)
  return error.status >= 429 || PASSING_CLIENT_ERRORS.includes(error.code)
}

/** The port's error for whatever the client threw. */
export function portError(what: string, error: unknown): Error {
  if (error instanceof EngineUnavailable || error instanceof StorageFull) return error
  if (isOutOfSpace(error)) return new StorageFull(`${what}: no space`, error)
  if (isPassing(error)) return new EngineUnavailable(`${what}: no answer`, error)
  return new Error(`${what} was refused`, { cause: error })
}
