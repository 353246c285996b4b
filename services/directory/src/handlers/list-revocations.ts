import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import type { DirectoryService } from '@chat4all/gen/chat4all/internal/v1/directory_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { MAX_TOKEN_MS } from '../signing-keys.ts'

export function listRevocations({ directory, clock }: HandlerDeps): UnaryHandler<typeof DirectoryService.method.listRevocations> {
  return async () => {
    const now = clock.now()
    const [tokens, clientIds, users] = await Promise.all([
      directory.revokedTokens(now),
      directory.revokedApiClients(now - MAX_TOKEN_MS),
      directory.deactivatedUsers(now - MAX_TOKEN_MS),
    ])
    return {
      tokens: tokens.map(({ tokenId, expiresAt }) => ({ tokenId, expireTime: timestampFromMs(expiresAt) })),
      clientIds: [...clientIds],
      users: users.map(({ tenantId, userId }) => ({ tenantId, userId })),
    }
  }
}
