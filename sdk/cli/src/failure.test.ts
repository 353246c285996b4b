import { ChatError } from '@chat4all/sdk'
import { CommanderError } from 'commander'
import { expect, test } from 'vitest'
import { exitCode, usage } from './failure.ts'

test.each([
  [2, usage('x')],
  [2, new CommanderError(1, 'commander.unknownOption', 'x')],
  [0, new CommanderError(0, 'commander.helpDisplayed', 'x')],
  [2, new ChatError('FIELD_INVALID', 'x', { code: 'invalid_argument' })],
  [3, new ChatError('USER_NOT_FOUND', 'x', { code: 'not_found' })],
  [3, new ChatError('NOT_A_MEMBER', 'x', { code: 'permission_denied' })],
  [4, new ChatError('CONNECTION_LOST', 'x', { code: 'unavailable' })],
  [4, new ChatError('CONNECTION_LOST', 'x', { code: 'aborted' })],
  [5, new ChatError('CREDENTIALS_INVALID', 'x', { code: 'unauthenticated' })],
  [1, new ChatError('LAST_OWNER', 'x', { code: 'failed_precondition' })],
  [1, new TypeError('a defect')],
])('exits with %i: case %#', (code, error) => {
  expect(exitCode(error)).toBe(code)
})
