import { ChatError } from '@chat4all/base'
import type { UserRow } from '@chat4all/ports'

/** Of the users who shall join a conversation, those to create first. Throws USER_DEACTIVATED, and USER_NOT_FOUND where unknown users may not be created. */
export function usersToCreate(named: readonly string[], found: readonly UserRow[], mayCreate: boolean): readonly string[] {
  const deactivated = found.find((user) => user.deactivatedAt !== undefined)
  if (deactivated) throw userDeactivated(deactivated.userId)
  const known = new Set(found.map((user) => user.userId))
  const unknown = named.filter((userId) => !known.has(userId))
  if (unknown.length > 0 && !mayCreate) throw userNotFound(unknown[0]!)
  return unknown
}

export function userNotFound(userId: string): ChatError {
  return new ChatError('USER_NOT_FOUND', 'There is no such user.', { metadata: { user_id: userId } })
}

export function userDeactivated(userId: string): ChatError {
  return new ChatError('USER_DEACTIVATED', 'The user is deactivated.', { metadata: { user_id: userId } })
}
