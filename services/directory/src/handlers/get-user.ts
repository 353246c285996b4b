import type { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { userNotFound } from '../domain/admission.ts'
import { callerOf } from '../domain/caller.ts'
import { toUser } from '../mapping.ts'

export function getUser({ directory }: HandlerDeps): UnaryHandler<typeof UserService.method.getUser> {
  return async ({ userId }, context) => {
    const [row] = await directory.users(callerOf(context).tenantId, [userId])
    if (!row) throw userNotFound(userId)
    return { user: toUser(row) }
  }
}
