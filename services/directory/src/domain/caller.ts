import { ChatError } from '@chat4all/base'
import type { CallContext, Principal } from '@chat4all/rpc'

/** Who calls an RPC that needs a token. */
export function callerOf(context: CallContext): Principal {
  if (!context.principal) throw new ChatError('TOKEN_INVALID', 'This call needs a bearer token.')
  return context.principal
}

/** The user whom a call acts for: users act as themselves and need not say so, API clients name one or nobody. Throws ACCESS_DENIED. */
export function actingUser(caller: Principal, named: string): string | undefined {
  if (caller.kind === 'client') return named === '' ? undefined : named
  if (named === '' || named === caller.userId) return caller.userId
  throw new ChatError('ACCESS_DENIED', 'A user acts only as themselves.')
}

/** The tenant that an administrative call is about: the caller's, or for operators any. To others, other tenants do not exist. */
export function administeredTenant(caller: Principal, named: string): string {
  if (named === '' || named === caller.tenantId) return caller.tenantId
  if (caller.operator) return named
  throw tenantNotFound()
}

export function tenantNotFound(): ChatError {
  return new ChatError('TENANT_NOT_FOUND', 'There is no such tenant.')
}
