import type { ConversationService, CreateConversationRequest } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import type { Principal, UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { actingUser, callerOf } from '../domain/caller.ts'
import { type ConversationPlan, planFingerprint } from '../domain/creation.ts'
import { toConversation } from '../mapping.ts'
import { openConversation } from '../open-conversation.ts'

export function createConversation(deps: HandlerDeps): UnaryHandler<typeof ConversationService.method.createConversation> {
  return async (request, context) => {
    const caller = callerOf(context)
    const { tenantId } = caller
    const creator = actingUser(caller, request.from)
    const { type, title, metadata, members } = request
    const plan = { type, title, metadata, members, creator }
    const mayCreateUsers = caller.kind === 'client'
    const { conversation, created } = await openConversation(deps, { tenantId, plan, mayCreateUsers, ...identity(caller, request, plan) })
    const viewer = creator === undefined ? undefined : await deps.directory.member(tenantId, conversation.conversationId, creator)
    return { conversation: toConversation(conversation, viewer), created }
  }
}

/** Request ids are the caller's own: two callers may use the same one. */
function identity(caller: Principal, { requestId }: CreateConversationRequest, plan: ConversationPlan) {
  if (requestId === '') return {}
  const who = caller.kind === 'user' ? `user:${caller.userId}` : `client:${caller.clientId}`
  return { request: { requestKey: `${who} ${requestId}`, fingerprint: planFingerprint(plan) } }
}
