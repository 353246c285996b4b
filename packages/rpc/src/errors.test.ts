import { ChatError, REASON_CODES } from '@chat4all/base'
import { ErrorReason } from '@chat4all/gen/chat4all/v1/error_reason_pb.js'
import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { asChatError, connectErrorOf, reasonOf, statusOf } from './errors.ts'

class EngineUnavailable extends Error {
  override name = 'EngineUnavailable'
}

test('every reason of the proto has a status code, and no other reason has one', () => {
  const documented = Object.keys(ErrorReason).filter((name) => Number.isNaN(Number(name)) && name !== 'UNSPECIFIED')
  expect(Object.keys(REASON_CODES).sort()).toEqual(documented.sort())
})

test('an error survives the way to a client and back', () => {
  const error = new ChatError('RATE_LIMITED', 'Too fast: wait.', {
    metadata: { limit: '10' },
    fields: [{ field: 'payload.text', description: 'too long' }],
    retryAfterMs: 1500,
  })
  const back = asChatError(connectErrorOf(error))
  expect({ ...back }).toEqual({ ...error })
  expect(back.message).toBe(error.message)
})

test('a status carries exactly one ErrorInfo, and further details only where they apply', () => {
  const types = (error: ChatError) => statusOf(error).details.map(({ typeUrl }) => typeUrl.split('.').at(-1))
  expect(types(new ChatError('NOT_A_MEMBER', ''))).toEqual(['ErrorInfo'])
  expect(types(new ChatError('FIELD_INVALID', '', { fields: [{ field: 'a', description: 'b' }] }))).toEqual(['ErrorInfo', 'BadRequest'])
  expect(types(new ChatError('RATE_LIMITED', '', { retryAfterMs: 1 }))).toEqual(['ErrorInfo', 'RetryInfo'])
})

test('an engine that is away is ENGINE_UNAVAILABLE and its text stays inside', () => {
  const mapped = asChatError(new EngineUnavailable('connect 10.0.0.7:5432'))
  expect(mapped.reason).toBe('ENGINE_UNAVAILABLE')
  expect(mapped.message).not.toContain('10.0.0.7')
})

test('what nobody foresaw is INTERNAL and its text stays inside', () => {
  for (const thrown of [new TypeError('secret'), 'secret', undefined]) {
    const mapped = asChatError(thrown)
    expect(mapped.reason).toBe('INTERNAL')
    expect(mapped.message).not.toContain('secret')
  }
})

test('an abort error stands for the reason of the abort', () => {
  const signal = AbortSignal.abort(new ChatError('SHUTTING_DOWN', 'bye'))
  const error = Object.assign(new Error('aborted', { cause: signal.reason }), { name: 'AbortError' })
  expect(reasonOf(error)).toBe('SHUTTING_DOWN')
})

test('clients know the reason of errors that no server of ours made', () => {
  expect(reasonOf(new ConnectError('gone', Code.Unavailable))).toBe('ENGINE_UNAVAILABLE')
  expect(reasonOf(new ConnectError('late', Code.DeadlineExceeded))).toBe('DEADLINE_EXCEEDED')
  expect(reasonOf(new ConnectError('what', Code.Unimplemented))).toBe('METHOD_NOT_FOUND')
  expect(reasonOf(new ConnectError('what', Code.Unknown))).toBe('INTERNAL')
})
