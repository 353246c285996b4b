import type { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import { findConversation, findViewer } from '../conversation-lookup.ts'
import type { HandlerDeps } from '../deps.ts'
import { actingUser, callerOf } from '../domain/caller.ts'
import { toConversation } from '../mapping.ts'

export function getConversation({ directory }: HandlerDeps): UnaryHandler<typeof ConversationService.method.getConversation> {
  return async ({ conversationId, userId }, context) => {
    const caller = callerOf(context)
    const viewerId = actingUser(caller, userId)
    const conversation = await findConversation(directory, caller.tenantId, conversationId)
    const viewer = await findViewer(directory, conversation, viewerId)
    return { conversation: toConversation(conversation, viewer) }
  }
}
