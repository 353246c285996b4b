import { ChatError } from '@chat4all/base'
import { ApiClientRole } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import type { ApiClientRow, Directory } from '@chat4all/ports'
import type { Principal } from '@chat4all/rpc'

/** An API client that the caller may manage: of its tenant, or any for operators. Operators are managed by operators alone: a new secret is as good as their role.
 *  Throws API_CLIENT_NOT_FOUND, ACCESS_DENIED. */
export async function findManagedApiClient(directory: Directory, caller: Principal, clientId: string): Promise<ApiClientRow> {
  const client = await directory.apiClient(clientId)
  if (!client || (client.tenantId !== caller.tenantId && !caller.operator)) throw apiClientNotFound()
  if (client.role === ApiClientRole.OPERATOR && !caller.operator) throw new ChatError('ACCESS_DENIED', 'Only operators manage operators.')
  return client
}

export function apiClientNotFound(): ChatError {
  return new ChatError('API_CLIENT_NOT_FOUND', 'There is no such API client.')
}
