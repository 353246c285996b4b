import type { JsonObject } from '@bufbuild/protobuf'

/** What operations refer to by name. */
export const PARAMETERS: JsonObject = {
  ServerTimeout: {
    name: 'X-Server-Timeout',
    in: 'header',
    description: 'How many seconds the caller waits. Then the call fails with `DEADLINE_EXCEEDED`.',
    schema: { type: 'number', minimum: 0 },
  },
  LastEventId: {
    name: 'Last-Event-ID',
    in: 'header',
    description: 'The `id` of the last event received, which browsers send when they come back. Goes before `cursor`.',
    schema: { type: 'string' },
  },
}

export const HEADERS: JsonObject = {
  RequestId: {
    description: 'Names the call in logs: the `X-Request-Id` of the request, or one that the server made.',
    schema: { type: 'string' },
  },
  RetryAfter: { description: 'How many seconds to wait before trying again.', schema: { type: 'integer' } },
}

export const SECURITY_SCHEMES: JsonObject = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The `access_token` that `POST /auth/token` answers with, or one of a user.',
  },
}
