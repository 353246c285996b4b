import { durationMs } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import type { ErrorReason } from '#gen/chat4all/v1/error_reason_pb.js'
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '#gen/google/rpc/error_details_pb.js'
import type { Status } from '#gen/google/rpc/status_pb.js'

/** gRPC status codes, by number. */
const CODES = [
  'ok',
  'cancelled',
  'unknown',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
  'unauthenticated',
] as const

/** A gRPC status code in lower snake case. */
export type StatusCode = (typeof CODES)[number]

/**
 * Why a call failed: the server's reasons (`chat4all.v1.ErrorReason` without prefix), and four of the SDK's own:
 * `CONNECTION_LOST` (no answer: the outcome is unknown), `TOKEN_UNAVAILABLE` (the token provider failed),
 * `CLOSED` (the client was closed), `UNKNOWN` (an answer that is not Chat4All's).
 */
export type Reason = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED'> | 'CONNECTION_LOST' | 'TOKEN_UNAVAILABLE' | 'CLOSED' | 'UNKNOWN'

/** A field that breaks a rule, as a proto path (`payload.text`), and the rule. */
export interface FieldViolation {
  readonly field: string
  readonly description: string
}

/** What a {@link ChatError} carries beside its reason and message. */
export interface ChatErrorDetails {
  readonly code: StatusCode
  readonly retryable?: boolean
  readonly fields?: readonly FieldViolation[]
  readonly metadata?: Readonly<Record<string, string>>
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

/**
 * The one error that the SDK throws. Branch on `reason`.
 *
 * @example
 * try {
 *   await chat.send({ to: 'bruno', text: 'Hello' })
 * } catch (error) {
 *   if (error instanceof ChatError && error.reason === 'USER_NOT_FOUND') console.log('No such user')
 *   else throw error
 * }
 */
export class ChatError extends Error {
  override readonly name = 'ChatError'
  readonly reason: Reason
  readonly code: StatusCode
  /** Whether repeating the same call may succeed. Sends are safe to repeat with the same `messageId`. */
  readonly retryable: boolean
  /** The fields that break a rule (`FIELD_INVALID`). */
  readonly fields: readonly FieldViolation[]
  /** Values for programs, as `error_reason.proto` documents them. */
  readonly metadata: Readonly<Record<string, string>>
  /** How long the server asks to wait before the next try. */
  readonly retryAfterMs: number | undefined

  constructor(reason: Reason, message: string, details: ChatErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.reason = reason
    this.code = details.code
    this.retryable = details.retryable ?? isRetryable(reason, details.code)
    this.fields = details.fields ?? []
    this.metadata = details.metadata ?? {}
    this.retryAfterMs = details.retryAfterMs
  }
}

/** Turns anything thrown by a call into a {@link ChatError}. `signal` is the caller's own: its abort is no lost connection. */
export function toChatError(thrown: unknown, signal?: AbortSignal): ChatError {
  if (thrown instanceof ChatError) return thrown
  if (signal?.aborted) return abortedError(signal)
  const error = ConnectError.from(thrown)
  const info = error.findDetails(ErrorInfoSchema).find((detail) => detail.domain === 'chat4all')
  const retry = error.findDetails(RetryInfoSchema)[0]?.retryDelay
  const violations = error.findDetails(BadRequestSchema).flatMap((detail) => detail.fieldViolations)
  return new ChatError((info?.reason as Reason | undefined) ?? reasonOfCode(error.code), error.rawMessage, {
    code: CODES[error.code] ?? 'unknown',
    fields: violations.map(({ field, description }) => ({ field, description })),
    metadata: info?.metadata ?? {},
    retryAfterMs: retry && durationMs(retry),
    cause: thrown,
  })
}

/** The error of a `google.rpc.Status`, as streams carry it. */
export function statusError(status: Status): ChatError {
  const error = new ConnectError(status.message, status.code)
  error.details = status.details.map(({ typeUrl, value }) => ({ type: typeUrl.slice(typeUrl.lastIndexOf('/') + 1), value }))
  return toChatError(error)
}

/** The error for an aborted signal: its reason if that is a ChatError, else CANCELLED. */
export function abortedError(signal: AbortSignal): ChatError {
  if (signal.reason instanceof ChatError) return signal.reason
  return new ChatError('CANCELLED', 'the caller cancelled', { code: 'cancelled', cause: signal.reason })
}

export function connectionLost(message: string): ChatError {
  return new ChatError('CONNECTION_LOST', message, { code: 'unavailable' })
}

export function closedError(): ChatError {
  return new ChatError('CLOSED', 'the client is closed', { code: 'cancelled' })
}

/** What an answer without an ErrorInfo means: it did not come from a Chat4All server, mostly because the connection broke. */
function reasonOfCode(code: Code): Reason {
  switch (code) {
    case Code.Unavailable:
    case Code.Aborted:
    case Code.Canceled:
    case Code.Internal:
    case Code.Unknown:
    case Code.DataLoss:
      return 'CONNECTION_LOST'
    case Code.DeadlineExceeded:
      return 'DEADLINE_EXCEEDED'
    case Code.Unauthenticated:
      return 'TOKEN_INVALID'
    default:
      return 'UNKNOWN'
  }
}

function isRetryable(reason: Reason, code: StatusCode): boolean {
  if (reason === 'REQUEST_TOO_LARGE') return false
  return reason === 'CONNECTION_LOST' || code === 'unavailable' || code === 'resource_exhausted' || code === 'aborted'
}
