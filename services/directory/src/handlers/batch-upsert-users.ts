import { invalidField } from '@chat4all/base'
import type { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { callerOf } from '../domain/caller.ts'
import { toUser } from '../mapping.ts'
import { upsertUsers } from '../upsert-users.ts'

export function batchUpsertUsers(deps: HandlerDeps): UnaryHandler<typeof UserService.method.batchUpsertUsers> {
  return async ({ users }, context) => {
    const { tenantId } = callerOf(context)
    if (new Set(users.map((user) => user.userId)).size < users.length) throw invalidField('users', 'name each user_id once')
    const rows = await upsertUsers(deps, tenantId, users)
    return { users: rows.map(toUser) }
  }
}
