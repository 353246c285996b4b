import type { ChatError, Reason } from '@chat4all/base'

/** Connect again after a pause, and subscribe with the last cursor. */
const RESUME: Partial<Record<Reason, number>> = {
  SHUTTING_DOWN: 4000,
  SLOW_CONSUMER: 4001,
  ENGINE_UNAVAILABLE: 4002,
  INTERNAL: 4003,
  STORAGE_FULL: 4004,
  RATE_LIMITED: 4005,
}

/** Not with the same token, or not with the same behaviour. */
const STOP: Partial<Record<Reason, number>> = {
  REQUEST_MALFORMED: 4400,
  TOKEN_INVALID: 4401,
  USER_DEACTIVATED: 4402,
  ACCESS_DENIED: 4403,
  DEADLINE_EXCEEDED: 4408,
  REQUEST_TOO_LARGE: 4413,
}
const STOPPED = 4499

/** Why a socket ends, for programs. */
export function closeCodeOf({ reason }: ChatError): number {
  return RESUME[reason] ?? STOP[reason] ?? STOPPED
}
