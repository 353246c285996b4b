import { EngineUnavailable } from '@chat4all/ports'
import cassandra from 'cassandra-driver'
import { describe, expect, test } from 'vitest'
import { withRetries } from './retry.ts'

const { ResponseError, NoHostAvailableError, OperationTimedOutError } = cassandra.errors

/** Fails with these errors, one after the other, then succeeds. */
function failing(...errors: readonly Error[]) {
  const left = [...errors]
  const state = { calls: 0 }
  const attempt = async () => {
    state.calls++
    const error = left.shift()
    if (error) throw error
    return 'done'
  }
  return { attempt, state }
}

describe('a request', () => {
  test.each([0x1000, 0x1100, 0x1200, 0x1300, 0x1500])('is repeated after the error %d', async (code) => {
    const { attempt, state } = failing(new ResponseError(code, 'for now'))
    expect(await withRetries(attempt)).toBe('done')
    expect(state.calls).toBe(2)
  })

  test('is repeated when no node answers, or none in time', async () => {
    const { attempt, state } = failing(new NoHostAvailableError({}, 'nobody'), new OperationTimedOutError('late'))
    expect(await withRetries(attempt)).toBe('done')
    expect(state.calls).toBe(3)
  })

  test('ends as unavailable when it fails again and again', async () => {
    const last = new ResponseError(0x1000, 'too few replicas')
    const { attempt, state } = failing(...Array.from({ length: 5 }, () => new NoHostAvailableError({}, 'nobody')), last)
    const error = await withRetries(attempt).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(EngineUnavailable)
    expect((error as EngineUnavailable).cause).toBe(last)
    expect(state.calls).toBe(6)
  })

  test('is not repeated when it is refused for good', async () => {
    const invalid = new ResponseError(0x2200, 'invalid')
    const { attempt, state } = failing(invalid)
    await expect(withRetries(attempt)).rejects.toBe(invalid)
    expect(state.calls).toBe(1)
  })
})
