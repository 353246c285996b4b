import type { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { callerOf } from '../domain/caller.ts'
import { toUser } from '../mapping.ts'
import { readPage } from '../paging.ts'

export function listUsers({ directory }: HandlerDeps): UnaryHandler<typeof UserService.method.listUsers> {
  return async (request, context) => {
    const { tenantId } = callerOf(context)
    const read = (after: string, limit: number) => directory.listUsers(tenantId, after, limit)
    const { rows, nextPageToken } = await readPage(request, ['ListUsers', tenantId], (row) => row.userId, read)
    return { users: rows.map(toUser), nextPageToken }
  }
}
