import type { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { callerOf } from '../domain/caller.ts'
import { hashSecret } from '../domain/secrets.ts'
import { apiClientNotFound, findManagedApiClient } from '../managed-api-client.ts'
import { newSecret } from '../new-secret.ts'

export function rotateApiClientSecret(deps: HandlerDeps): UnaryHandler<typeof AdminService.method.rotateApiClientSecret> {
  const { directory, clock, logger } = deps
  return async ({ clientId, graceSeconds }, context) => {
    const client = await findManagedApiClient(directory, callerOf(context), clientId)
    if (client.revokedAt !== undefined) throw apiClientNotFound()
    const secret = newSecret()
    const grace = graceSeconds === 0 ? {} : { previousSecretExpiresAt: clock.now() + graceSeconds * 1000 }
    await directory.updateApiClient(clientId, { kind: 'secret', secretHash: hashSecret(secret), ...grace })
    logger.info({ tenant_id: client.tenantId, client_id: clientId }, 'API client got a new secret')
    return { clientSecret: secret }
  }
}
