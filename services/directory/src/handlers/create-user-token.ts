import { durationMs, timestampFromMs } from '@bufbuild/protobuf/wkt'
import type { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { userDeactivated, userNotFound } from '../domain/admission.ts'
import { callerOf } from '../domain/caller.ts'
import { signToken } from '../tokens.ts'

const DEFAULT_TTL_MS = 3600_000

export function createUserToken({ directory, keys, clock }: HandlerDeps): UnaryHandler<typeof AuthService.method.createUserToken> {
  return async ({ userId, ttl }, context) => {
    const { tenantId, clientId } = callerOf(context)
    const [user] = await directory.users(tenantId, [userId])
    if (!user) throw userNotFound(userId)
    if (user.deactivatedAt !== undefined) throw userDeactivated(userId)
    const ttlMs = ttl ? durationMs(ttl) : DEFAULT_TTL_MS
    const { token, expiresAt } = await signToken(keys, { tenantId, clientId, operator: false, userId }, ttlMs, clock.now())
    return { accessToken: token, tokenType: 'Bearer', expireTime: timestampFromMs(expiresAt) }
  }
}
