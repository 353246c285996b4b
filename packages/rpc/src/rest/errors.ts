import { type JsonValue, toJson } from '@bufbuild/protobuf'
import type { ChatError, StatusCode } from '@chat4all/base'
import { StatusSchema } from '@chat4all/gen/google/rpc/status_pb.js'
import { detailTypes, statusOf } from '../errors.ts'
import { HttpRefusal } from './http-refusal.ts'

/** Source: the comments in google/rpc/code.proto. */
const HTTP_STATUS: Readonly<Record<StatusCode, number>> = {
  cancelled: 499,
  invalid_argument: 400,
  failed_precondition: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  already_exists: 409,
  aborted: 409,
  resource_exhausted: 429,
  internal: 500,
  unavailable: 503,
  deadline_exceeded: 504,
}

export function httpStatusOf(error: ChatError): number {
  if (error instanceof HttpRefusal) return error.httpStatus
  return error.reason === 'REQUEST_TOO_LARGE' ? 413 : HTTP_STATUS[error.code]
}

/** What an error says beside its body. */
export function errorHeaders(error: ChatError): Record<string, string> {
  return {
    ...(error instanceof HttpRefusal ? error.headers : {}),
    ...(error.code === 'unauthenticated' ? { 'www-authenticate': 'Bearer' } : {}),
    ...(error.retryAfterMs === undefined ? {} : { 'retry-after': `${Math.ceil(error.retryAfterMs / 1000)}` }),
  }
}

/** google.rpc.Status with its details, as JSON. */
export function errorJson(error: ChatError): JsonValue {
  return toJson(StatusSchema, statusOf(error), { registry: detailTypes, useProtoFieldName: true })
}
