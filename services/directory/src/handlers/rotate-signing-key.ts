import type { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'

export function rotateSigningKey({ keys }: HandlerDeps): UnaryHandler<typeof AdminService.method.rotateSigningKey> {
  return async () => ({ keyId: await keys.rotate() })
}
