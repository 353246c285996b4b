import type { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { callerOf } from '../domain/caller.ts'
import { toUser } from '../mapping.ts'
import { upsertUsers } from '../upsert-users.ts'

export function upsertUser(deps: HandlerDeps): UnaryHandler<typeof UserService.method.upsertUser> {
  return async ({ user }, context) => {
    const [row] = await upsertUsers(deps, callerOf(context).tenantId, [user!])
    return { user: toUser(row!) }
  }
}
