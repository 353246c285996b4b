import { ChatError, REASON_CODES, type Reason } from '@chat4all/base'
import { expect, it } from 'vitest'
import { errorHeaders, errorJson, httpStatusOf } from './errors.ts'
import { HttpRefusal } from './http-refusal.ts'

it.each<[Reason, number]>([
  ['FIELD_INVALID', 400],
  ['CONVERSATION_IS_PRIVATE', 400],
  ['TOKEN_INVALID', 401],
  ['ACCESS_DENIED', 403],
  ['USER_NOT_FOUND', 404],
  ['METHOD_NOT_FOUND', 404],
  ['TENANT_EXISTS', 409],
  ['CONFLICT', 409],
  ['REQUEST_TOO_LARGE', 413],
  ['RATE_LIMITED', 429],
  ['CANCELLED', 499],
  ['INTERNAL', 500],
  ['ENGINE_UNAVAILABLE', 503],
  ['DEADLINE_EXCEEDED', 504],
])('answers %s with %i', (reason, status) => {
  expect(httpStatusOf(new ChatError(reason, 'why'))).toBe(status)
})

it('has a status for every reason', () => {
  for (const reason of Object.keys(REASON_CODES) as Reason[])
    expect(httpStatusOf(new ChatError(reason, 'why')), reason).toBeGreaterThanOrEqual(400)
})

it('says when to come back, and how to prove who one is', () => {
  expect(errorHeaders(new ChatError('RATE_LIMITED', 'wait', { retryAfterMs: 1500 }))).toEqual({ 'retry-after': '2' })
  expect(errorHeaders(new ChatError('TOKEN_INVALID', 'no token'))).toEqual({ 'www-authenticate': 'Bearer' })
  expect(errorHeaders(new HttpRefusal(405, 'METHOD_NOT_FOUND', 'no', { allow: 'GET' }))).toEqual({ allow: 'GET' })
  expect(errorHeaders(new ChatError('USER_NOT_FOUND', 'nobody'))).toEqual({})
})

it('writes google.rpc.Status with its details', () => {
  const error = new ChatError('RATE_LIMITED', 'wait', {
    retryAfterMs: 1500,
    metadata: { limit: '10' },
    fields: [{ field: 'payload.text', description: 'too long' }],
  })
  expect(errorJson(error)).toEqual({
    code: 8,
    message: 'wait',
    details: [
      { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'RATE_LIMITED', domain: 'chat4all', metadata: { limit: '10' } },
      { '@type': 'type.googleapis.com/google.rpc.BadRequest', field_violations: [{ field: 'payload.text', description: 'too long' }] },
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retry_delay: '1.500s' },
    ],
  })
})
