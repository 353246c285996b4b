import type { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { administeredTenant, callerOf, tenantNotFound } from '../domain/caller.ts'
import { toApiClient } from '../mapping.ts'
import { readPage } from '../paging.ts'

export function listApiClients({ directory }: HandlerDeps): UnaryHandler<typeof AdminService.method.listApiClients> {
  return async (request, context) => {
    const tenantId = administeredTenant(callerOf(context), request.tenantId)
    if (!(await directory.tenant(tenantId))) throw tenantNotFound()
    const read = (after: string, limit: number) => directory.apiClients(tenantId, after, limit)
    const { rows, nextPageToken } = await readPage(request, ['ListApiClients', tenantId], (row) => row.clientId, read)
    return { apiClients: rows.map(toApiClient), nextPageToken }
  }
}
