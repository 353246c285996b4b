import type { DirectoryService } from '@chat4all/gen/chat4all/internal/v1/directory_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'

export function listSigningKeys({ keys }: HandlerDeps): UnaryHandler<typeof DirectoryService.method.listSigningKeys> {
  return async () => ({ jwks: await keys.jwks() })
}
