import type { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import { findConversation, findViewer } from '../conversation-lookup.ts'
import type { HandlerDeps } from '../deps.ts'
import { actingUser, callerOf } from '../domain/caller.ts'
import { toMember } from '../mapping.ts'
import { readPage } from '../paging.ts'

export function listMembers({ directory }: HandlerDeps): UnaryHandler<typeof ConversationService.method.listMembers> {
  return async (request, context) => {
    const caller = callerOf(context)
    const { tenantId } = caller
    const conversation = await findConversation(directory, tenantId, request.conversationId)
    const { conversationId } = conversation
    await findViewer(directory, conversation, actingUser(caller, ''))
    const read = (after: string, limit: number) => directory.members(tenantId, conversationId, after, limit)
    const { rows, nextPageToken } = await readPage(request, ['ListMembers', tenantId, conversationId], (row) => row.userId, read)
    return { members: rows.map(toMember), nextPageToken }
  }
}
