import type { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { userNotFound } from '../domain/admission.ts'
import { callerOf } from '../domain/caller.ts'
import { toUser } from '../mapping.ts'

export function deactivateUser(deps: HandlerDeps): UnaryHandler<typeof UserService.method.deactivateUser> {
  return async ({ userId }, context) => {
    const { tenantId } = callerOf(context)
    const row = await deactivate(deps, tenantId, userId)
    if (!row) throw userNotFound(userId)
    // Also when it was done before: that call may have failed before it told anybody.
    await deps.invalidations.invalidate(tenantId, { case: 'deactivatedUserId', value: userId })
    return { user: toUser(row) }
  }
}

async function deactivate({ directory, clock }: HandlerDeps, tenantId: string, userId: string) {
  const [user] = await directory.users(tenantId, [userId])
  if (!user || user.deactivatedAt !== undefined) return user
  const at = clock.now()
  return directory.updateUser(tenantId, userId, { deactivatedAt: at }, at)
}
