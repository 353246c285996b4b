import { ChatError } from '@chat4all/base'
import type { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import type { Principal, UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { callerOf } from '../domain/caller.ts'
import { readToken } from '../tokens.ts'

export function revokeToken(deps: HandlerDeps): UnaryHandler<typeof AuthService.method.revokeToken> {
  return async ({ token }, context) => {
    const caller = callerOf(context)
    const { tokenId, expiresAt } = token === '' ? caller : await readNamedToken(deps, caller, token)
    const now = deps.clock.now()
    if (expiresAt <= now) return {}
    await deps.directory.revokeToken({ tokenId, expiresAt }, now)
    await deps.invalidations.invalidate(caller.tenantId, { case: 'revokedTokenId', value: tokenId })
    return {}
  }
}

/** Users revoke what is theirs, API clients what is their tenant's. */
async function readNamedToken({ keys }: HandlerDeps, caller: Principal, text: string) {
  const token = await readToken(keys, text)
  if (token.tenantId !== caller.tenantId) throw new ChatError('TOKEN_INVALID', 'The token is not one of this server.')
  if (caller.kind === 'user' && token.subject !== `user:${caller.userId}`)
    throw new ChatError('ACCESS_DENIED', 'A user may revoke only their own tokens.')
  return token
}
