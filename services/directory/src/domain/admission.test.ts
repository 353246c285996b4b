import type { UserRow } from '@chat4all/ports'
import { expect, it } from 'vitest'
import { usersToCreate } from './admission.ts'

const user = (userId: string, deactivatedAt?: number): UserRow => ({
  tenantId: 't',
  userId,
  displayName: '',
  metadata: {},
  createdAt: 1,
  updatedAt: 1,
  ...(deactivatedAt === undefined ? {} : { deactivatedAt }),
})

it('creates the unknown of the named users, where that is allowed', () => {
  expect(usersToCreate(['ana', 'bob'], [user('ana')], true)).toEqual(['bob'])
  expect(usersToCreate(['ana'], [user('ana')], false)).toEqual([])
  expect(() => usersToCreate(['ana', 'bob'], [user('ana')], false)).toThrow(
    expect.objectContaining({ reason: 'USER_NOT_FOUND', metadata: { user_id: 'bob' } }),
  )
})

it('refuses deactivated users', () => {
  expect(() => usersToCreate(['ana'], [user('ana', 5)], true)).toThrow(
    expect.objectContaining({ reason: 'USER_DEACTIVATED', metadata: { user_id: 'ana' } }),
  )
})
