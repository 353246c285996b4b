import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { refusal } from '../test/fake-server.ts'
import { ChatError, toChatError } from './errors.ts'

describe('toChatError', () => {
  test('reads reason, code and pause from the details', () => {
    const error = toChatError(refusal(Code.ResourceExhausted, 'RATE_LIMITED', 250))
    expect(error).toMatchObject({ reason: 'RATE_LIMITED', code: 'resource_exhausted', retryAfterMs: 250, retryable: true })
  })

  test('does not repeat what can never succeed', () => {
    expect(toChatError(refusal(Code.ResourceExhausted, 'REQUEST_TOO_LARGE')).retryable).toBe(false)
    expect(toChatError(refusal(Code.PermissionDenied, 'NOT_A_MEMBER')).retryable).toBe(false)
    expect(toChatError(refusal(Code.Internal, 'INTERNAL')).retryable).toBe(false)
  })

  test('takes an answer without details as a lost connection', () => {
    const error = toChatError(new ConnectError('read ECONNRESET', Code.Aborted))
    expect(error).toMatchObject({ reason: 'CONNECTION_LOST', retryable: true, message: 'read ECONNRESET' })
  })

  test('tells a caller that cancels from a connection that breaks', () => {
    const aborted = AbortSignal.abort('enough')
    expect(toChatError(new ConnectError('gone', Code.Canceled), aborted)).toMatchObject({ reason: 'CANCELLED', cause: 'enough' })
    expect(toChatError(new ConnectError('gone', Code.Canceled)).reason).toBe('CONNECTION_LOST')
  })

  test('keeps a ChatError as it is', () => {
    const error = new ChatError('INTERNAL', 'x', { code: 'internal' })
    expect(toChatError(error)).toBe(error)
  })
})
