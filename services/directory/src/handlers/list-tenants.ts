import type { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { toTenant } from '../mapping.ts'
import { readPage } from '../paging.ts'

export function listTenants({ directory }: HandlerDeps): UnaryHandler<typeof AdminService.method.listTenants> {
  return async (request) => {
    const read = (after: string, limit: number) => directory.tenants(after, limit)
    const { rows, nextPageToken } = await readPage(request, ['ListTenants'], (row) => row.tenantId, read)
    return { tenants: rows.map(toTenant), nextPageToken }
  }
}
