import { ChatError, newId } from '@chat4all/base'
import { type AdminService, ApiClientRole } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { administeredTenant, callerOf, tenantNotFound } from '../domain/caller.ts'
import { hashSecret } from '../domain/secrets.ts'
import { toApiClient } from '../mapping.ts'
import { newSecret } from '../new-secret.ts'

export function createApiClient({ directory, clock, logger }: HandlerDeps): UnaryHandler<typeof AdminService.method.createApiClient> {
  return async ({ tenantId: named, name, role }, context) => {
    const caller = callerOf(context)
    const tenantId = administeredTenant(caller, named)
    if (role === ApiClientRole.OPERATOR && !caller.operator) throw new ChatError('ACCESS_DENIED', 'Only operators create operators.')
    if (!(await directory.tenant(tenantId))) throw tenantNotFound()
    const secret = newSecret()
    const client = {
      clientId: newId(),
      tenantId,
      name,
      role: role || ApiClientRole.TENANT,
      secretHash: hashSecret(secret),
      createdAt: clock.now(),
    }
    await directory.createApiClient(client)
    logger.info({ tenant_id: tenantId, client_id: client.clientId }, 'API client created')
    return { apiClient: toApiClient(client), clientSecret: secret }
  }
}
