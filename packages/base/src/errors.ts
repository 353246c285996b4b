/** gRPC status codes by the names that both gRPC and Connect use, in lower snake case. */
export type StatusCode =
  | 'cancelled'
  | 'invalid_argument'
  | 'deadline_exceeded'
  | 'not_found'
  | 'already_exists'
  | 'permission_denied'
  | 'resource_exhausted'
  | 'failed_precondition'
  | 'aborted'
  | 'unavailable'
  | 'internal'
  | 'unauthenticated'

/** Every reason of `chat4all.v1.ErrorReason`, with the one status code it comes with. */
export const REASON_CODES = {
  FIELD_INVALID: 'invalid_argument',
  REQUEST_MALFORMED: 'invalid_argument',
  PAYLOAD_UNSUPPORTED: 'invalid_argument',
  TOKEN_MISMATCH: 'invalid_argument',
  TOKEN_INVALID: 'unauthenticated',
  CREDENTIALS_INVALID: 'unauthenticated',
  ACCESS_DENIED: 'permission_denied',
  NOT_A_MEMBER: 'permission_denied',
  ROLE_TOO_LOW: 'permission_denied',
  NOT_THE_SENDER: 'permission_denied',
  TENANT_NOT_FOUND: 'not_found',
  API_CLIENT_NOT_FOUND: 'not_found',
  USER_NOT_FOUND: 'not_found',
  CONVERSATION_NOT_FOUND: 'not_found',
  MESSAGE_NOT_FOUND: 'not_found',
  MEMBER_NOT_FOUND: 'not_found',
  METHOD_NOT_FOUND: 'not_found',
  IDEMPOTENCY_KEY_REUSED: 'already_exists',
  TENANT_EXISTS: 'already_exists',
  CONVERSATION_IS_PRIVATE: 'failed_precondition',
  LAST_OWNER: 'failed_precondition',
  USER_DEACTIVATED: 'failed_precondition',
  MESSAGE_DELETED: 'failed_precondition',
  REPLY_TARGET_INVALID: 'failed_precondition',
  TOO_MANY_MEMBERS: 'failed_precondition',
  TOO_MANY_REACTIONS: 'failed_precondition',
  SELF_REVOCATION: 'failed_precondition',
  CONFLICT: 'aborted',
  RATE_LIMITED: 'resource_exhausted',
  SLOW_CONSUMER: 'resource_exhausted',
  STORAGE_FULL: 'resource_exhausted',
  REQUEST_TOO_LARGE: 'resource_exhausted',
  ENGINE_UNAVAILABLE: 'unavailable',
  SHUTTING_DOWN: 'unavailable',
  DEADLINE_EXCEEDED: 'deadline_exceeded',
  CANCELLED: 'cancelled',
  INTERNAL: 'internal',
} as const satisfies Record<string, StatusCode>

export type Reason = keyof typeof REASON_CODES

/** After how long it is worth trying again, where nobody knows better. */
const RETRY_AFTER_MS: Partial<Record<Reason, number>> = { ENGINE_UNAVAILABLE: 1_000 }

export interface ChatErrorDetails {
  /** Values for programs, by the names that error_reason.proto documents. Never content, tokens or secrets. */
  readonly metadata?: Readonly<Record<string, string>>
  /** The fields that break a rule, as proto paths (`payload.text`). */
  readonly fields?: readonly { readonly field: string; readonly description: string }[]
  /** How long to wait before the next try. */
  readonly retryAfterMs?: number
  /** The original error: logged once where it is mapped, never sent. */
  readonly cause?: unknown
}

/** An error that callers see: its reason decides the status code, its message says what to do. */
export class ChatError extends Error {
  readonly reason: Reason
  readonly metadata: Readonly<Record<string, string>>
  readonly fields: readonly { readonly field: string; readonly description: string }[]
  readonly retryAfterMs: number | undefined

  constructor(reason: Reason, message: string, details: ChatErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'ChatError'
    this.reason = reason
    this.metadata = details.metadata ?? {}
    this.fields = details.fields ?? []
    this.retryAfterMs = details.retryAfterMs ?? RETRY_AFTER_MS[reason]
  }

  get code(): StatusCode {
    return REASON_CODES[this.reason]
  }
}

/** A `FIELD_INVALID` error for one field. */
export function invalidField(field: string, description: string): ChatError {
  return new ChatError('FIELD_INVALID', `${field}: ${description}`, { fields: [{ field, description }] })
}
