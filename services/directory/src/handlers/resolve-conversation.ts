import type { DirectoryService } from '@chat4all/gen/chat4all/internal/v1/directory_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import { allMembers } from '../conversation-lookup.ts'
import type { HandlerDeps } from '../deps.ts'
import { toMember } from '../mapping.ts'

/** The order matters. Members read after the row are never older than the version told with them; what was committed up to here
 *  is in the log after the flush, so whatever a gateway admits on this answer stands behind it. */
export function resolveConversation(deps: HandlerDeps): UnaryHandler<typeof DirectoryService.method.resolveConversation> {
  return async ({ tenantId, conversationId }) => {
    const row = await deps.directory.conversation(tenantId, conversationId)
    if (!row) return { found: false }
    const members = await allMembers(deps.directory, row)
    await deps.relay.flush(conversationId)
    const { type, partition, memberVersion } = row
    return { found: true, type, partition, memberVersion, members: members.map(toMember) }
  }
}
