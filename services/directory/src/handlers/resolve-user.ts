import type { DirectoryService } from '@chat4all/gen/chat4all/internal/v1/directory_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'

export function resolveUser({ directory }: HandlerDeps): UnaryHandler<typeof DirectoryService.method.resolveUser> {
  return async ({ tenantId, userId }) => {
    const [user] = await directory.users(tenantId, [userId])
    return { found: user !== undefined, active: user !== undefined && user.deactivatedAt === undefined }
  }
}
