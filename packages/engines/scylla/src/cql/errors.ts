import { EngineUnavailable } from '@chat4all/ports'

/** Codes of the native protocol after which an idempotent statement may be sent again: its outcome is unknown, or it was refused for now. */
const TRANSIENT_CODES: ReadonlySet<unknown> = new Set([
  0x0000, // server error: a node that stops or starts
  0x1000, // unavailable: too few replicas are up
  0x1001, // overloaded
  0x1002, // bootstrapping
  0x1100, // write timeout
  0x1200, // read timeout
  0x1300, // read failure
  0x1500, // write failure
])

/** Errors of the driver itself: no node answers, or none in time. */
const TRANSIENT_NAMES: ReadonlySet<unknown> = new Set(['NoHostAvailableError', 'OperationTimedOutError', 'BusyConnectionError'])

/** Whether the engine may succeed if it is asked again. */
export function isTransient(error: unknown): boolean {
  const { name, code, isSocketError } = error as Partial<{ name: string; code: number; isSocketError: boolean }>
  return TRANSIENT_NAMES.has(name) || isSocketError === true || (name === 'ResponseError' && TRANSIENT_CODES.has(code))
}

/** The port's error for one of the driver's. What the engine refuses for good is a mistake of ours and stays as it is. */
export function toPortError(error: unknown): unknown {
  return isTransient(error) ? new EngineUnavailable(`the CQL engine did not answer: ${(error as Error).message}`, error) : error
}
