import { invalidField } from '@chat4all/base'
import { MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import type { ConversationService, UpdateConversationRequest } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import { changeConversation, requireGroup, type Snapshot } from '../change-conversation.ts'
import type { HandlerDeps } from '../deps.ts'
import { actingUser, callerOf } from '../domain/caller.ts'
import { equalMetadata } from '../domain/metadata.ts'
import { type Actor, actorName, actorView, requireRole } from '../domain/roles.ts'
import { maskedFields } from '../domain/update-mask.ts'
import { toConversation } from '../mapping.ts'

export function updateConversation(deps: HandlerDeps): UnaryHandler<typeof ConversationService.method.updateConversation> {
  return async (request, context) => {
    const caller = callerOf(context)
    const from = actingUser(caller, request.from)
    const { conversationId } = request
    if (maskedFields(request.updateMask).length === 0) throw invalidField('update_mask', 'name title, metadata or both')
    const target = { caller, conversationId, from }
    const { conversation, snapshot } = await changeConversation(deps, target, (before) => decide(before, request))
    return { conversation: toConversation(conversation, actorView(snapshot.actor)) }
  }
}

function decide(snapshot: Snapshot, request: UpdateConversationRequest) {
  const { conversation, actor } = snapshot
  const { paths } = request.updateMask!
  if (paths.includes('title')) requireGroup(snapshot)
  requireRole(actor, MemberRole.ADMIN)
  const title = paths.includes('title') ? request.title : conversation.title
  const metadata = paths.includes('metadata') ? request.metadata : conversation.metadata
  if (title === conversation.title && equalMetadata(metadata, conversation.metadata)) return undefined
  return { title, metadata, changed: updated(title, metadata, actor) }
}

function updated(title: string, metadata: Readonly<Record<string, string>>, actor: Actor) {
  return { case: 'updated', value: { title, metadata: { ...metadata }, updatedBy: actorName(actor) } } as const
}
