import { S3ServiceException } from '@aws-sdk/client-s3'
import { EngineUnavailable, StorageFull } from '@chat4all/ports'
import { describe, expect, it } from 'vitest'
import { isRefusal, toPortError } from './errors.ts'

const answer = (httpStatusCode: number, name = 'Unknown') =>
  new S3ServiceException({ name, message: 'said the server', $fault: 'server', $metadata: { httpStatusCode } })

describe('errors of S3', () => {
  it.each([
    [507, 'Unknown'],
    [500, 'XMinioStorageFull'],
    [403, 'QuotaExceeded'],
  ])('takes %i %s for a full store', (status, name) => expect(toPortError(answer(status, name), undefined)).toBeInstanceOf(StorageFull))

  it.each([
    [500, 'InternalError'],
    [503, 'SlowDown'],
    [408, 'RequestTimeout'],
    [429, 'TooManyRequests'],
    [409, 'ConditionalRequestConflict'],
    [0, 'Unknown'],
  ])('takes %i %s for trouble that passes', (status, name) =>
    expect(toPortError(answer(status, name), undefined)).toBeInstanceOf(EngineUnavailable),
  )

  it('leaves refusals as they are', () => {
    const refusal = answer(412, 'PreconditionFailed')
    expect(toPortError(refusal, undefined)).toBe(refusal)
    expect(isRefusal(refusal, 'NotFound', 'PreconditionFailed')).toBe(true)
    expect(isRefusal(refusal, 'NotFound')).toBe(false)
  })

  it('takes what no server sent for a lost connection, but for bugs', () => {
    const bug = new TypeError('undefined is not a function')
    expect(toPortError(new Error('socket hang up'), undefined)).toBeInstanceOf(EngineUnavailable)
    expect(toPortError(bug, undefined)).toBe(bug)
  })

  it('gives the reason of the signal that ended a call', () => {
    const reason = new Error('deadline')
    expect(toPortError(new Error('Request aborted'), AbortSignal.abort(reason))).toBe(reason)
  })
})
