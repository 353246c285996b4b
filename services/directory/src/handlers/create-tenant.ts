import { ChatError } from '@chat4all/base'
import type { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { AlreadyExists } from '@chat4all/ports'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { toTenant } from '../mapping.ts'

export function createTenant({ directory, clock, logger }: HandlerDeps): UnaryHandler<typeof AdminService.method.createTenant> {
  return async ({ tenantId, name }) => {
    const tenant = { tenantId, name, createdAt: clock.now() }
    await directory.createTenant(tenant).catch((error: unknown) => {
      if (!(error instanceof AlreadyExists)) throw error
      throw new ChatError('TENANT_EXISTS', 'The tenant_id is taken.')
    })
    logger.info({ tenant_id: tenantId }, 'tenant created')
    return { tenant: toTenant(tenant) }
  }
}
