import type { DirectoryService } from '@chat4all/gen/chat4all/internal/v1/directory_service_pb.js'
import { ConversationType } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { openConversation } from '../open-conversation.ts'

export function resolvePrivateConversation(deps: HandlerDeps): UnaryHandler<typeof DirectoryService.method.resolvePrivateConversation> {
  return async ({ tenantId, from, to, createUsers }) => {
    const plan = { type: ConversationType.PRIVATE, title: '', metadata: {}, members: [to], creator: from }
    const { conversation } = await openConversation(deps, { tenantId, plan, mayCreateUsers: createUsers })
    return { conversationId: conversation.conversationId }
  }
}
