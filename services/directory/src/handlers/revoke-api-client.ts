import { ChatError } from '@chat4all/base'
import type { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { callerOf } from '../domain/caller.ts'
import { apiClientNotFound, findManagedApiClient } from '../managed-api-client.ts'
import { toApiClient } from '../mapping.ts'

export function revokeApiClient(deps: HandlerDeps): UnaryHandler<typeof AdminService.method.revokeApiClient> {
  const { directory, clock, logger, invalidations } = deps
  return async ({ clientId }, context) => {
    const caller = callerOf(context)
    const { tenantId } = await findManagedApiClient(directory, caller, clientId)
    if (clientId === caller.clientId) throw new ChatError('SELF_REVOCATION', 'An API client is revoked by another one.')
    const client = await directory.updateApiClient(clientId, { kind: 'revoke', revokedAt: clock.now() })
    if (!client) throw apiClientNotFound()
    await invalidations.invalidate(tenantId, { case: 'revokedClientId', value: clientId })
    logger.info({ tenant_id: tenantId, client_id: clientId }, 'API client revoked')
    return { apiClient: toApiClient(client) }
  }
}
