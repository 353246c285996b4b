import { ChatError } from '@chat4all/base'
import type { User } from '@chat4all/gen/chat4all/v1/user_pb.js'
import type { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { userNotFound } from '../domain/admission.ts'
import { callerOf } from '../domain/caller.ts'
import { maskedFields } from '../domain/update-mask.ts'
import { toUser } from '../mapping.ts'

export function updateUser({ directory, clock }: HandlerDeps): UnaryHandler<typeof UserService.method.updateUser> {
  return async ({ user, updateMask }, context) => {
    const caller = callerOf(context)
    const { userId } = user!
    if (caller.kind === 'user' && userId !== caller.userId)
      throw new ChatError('ACCESS_DENIED', 'A user may change only their own profile.')
    const row = await directory.updateUser(caller.tenantId, userId, changeOf(user!, maskedFields(updateMask)), clock.now())
    if (!row) throw userNotFound(userId)
    return { user: toUser(row) }
  }
}

/** No path means all of them. */
function changeOf({ displayName, metadata }: User, paths: readonly string[]) {
  const named = (path: string) => paths.length === 0 || paths.includes(path)
  return { ...(named('display_name') ? { displayName } : {}), ...(named('metadata') ? { metadata } : {}) }
}
