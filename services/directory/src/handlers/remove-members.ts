import type { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import { changeMembers, requireGroup, type Snapshot } from '../change-conversation.ts'
import type { HandlerDeps } from '../deps.ts'
import { actingUser, callerOf } from '../domain/caller.ts'
import { planRemoval } from '../domain/membership.ts'
import { actorName, actorView } from '../domain/roles.ts'
import { toConversation } from '../mapping.ts'

export function removeMembers(deps: HandlerDeps): UnaryHandler<typeof ConversationService.method.removeMembers> {
  return async ({ conversationId, members, from }, context) => {
    const caller = callerOf(context)
    const target = { caller, conversationId, from: actingUser(caller, from) }
    const decide = (snapshot: Snapshot) => decideRemoval(snapshot, members)
    const { conversation, decision, snapshot } = await changeMembers(deps, target, { removed: members }, decide)
    const removed = [...(decision?.removeMembers ?? [])]
    const { actor } = snapshot
    const viewer = actor.kind === 'member' && removed.includes(actor.userId) ? undefined : actorView(actor)
    return { conversation: toConversation(conversation, viewer), removed }
  }
}

function decideRemoval(snapshot: Snapshot, named: readonly string[]) {
  requireGroup(snapshot)
  const removeMembers = planRemoval(snapshot.members, snapshot.actor, named)
  if (removeMembers.length === 0) return undefined
  const value = { userIds: [...removeMembers], removedBy: actorName(snapshot.actor) }
  return { removeMembers, changed: { case: 'membersRemoved', value } as const }
}
