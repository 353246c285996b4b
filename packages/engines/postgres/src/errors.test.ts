import { AlreadyExists, Conflict, EngineUnavailable, StorageFull } from '@chat4all/ports'
import { DatabaseError } from 'pg'
import { describe, expect, it } from 'vitest'
import { lostConnection, toPortError, wasUndone } from './errors.ts'

const serverError = (code: string, constraint?: string) =>
  Object.assign(new DatabaseError('said the server', 0, 'error'), { code, constraint })

describe('errors of PostgreSQL', () => {
  it('names the key that is taken, when callers know of it', () => {
    expect(toPortError(serverError('23505', 'conversations_by_pair'))).toEqual(new AlreadyExists('private_pair'))
    const other = serverError('23505', 'outbox_key_key')
    expect(toPortError(other)).toBe(other)
  })

  it('tells a full disk from other lack of resources', () => {
    expect(toPortError(serverError('53100'))).toBeInstanceOf(StorageFull)
    expect(toPortError(serverError('53300'))).toBeInstanceOf(EngineUnavailable)
  })

  it.each(['08006', '25006', '40001', '40003', '40P01', '55P03', '57014', '57P01', '57P03', '58030'])(
    'takes SQLSTATE %s for trouble of the server',
    (code) => expect(toPortError(serverError(code))).toBeInstanceOf(EngineUnavailable),
  )

  it.each(['22P02', '42601', '42P01', '23502', '28P01'])('leaves SQLSTATE %s as it is', (code) => {
    const error = serverError(code)
    expect(toPortError(error)).toBe(error)
  })

  it('repeats only what the server undid for the sake of others', () => {
    expect(['40001', '40P01', '40003', '57P01'].map((code) => wasUndone(serverError(code)))).toEqual([true, true, false, false])
  })

  it('takes what no server sent for a lost connection, but for bugs', () => {
    const bug = new TypeError('undefined is not a function')
    expect(lostConnection(new Error('Connection terminated unexpectedly'))).toBeInstanceOf(EngineUnavailable)
    expect(lostConnection(bug)).toBe(bug)
    const conflict = new Conflict('x')
    expect(toPortError(conflict)).toBe(conflict)
  })
})
