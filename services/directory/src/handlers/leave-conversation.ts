import { invalidField } from '@chat4all/base'
import type { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import { changeMembers, requireGroup, type Snapshot } from '../change-conversation.ts'
import type { HandlerDeps } from '../deps.ts'
import { actingUser, callerOf } from '../domain/caller.ts'
import { checkLeaving } from '../domain/membership.ts'

export function leaveConversation(deps: HandlerDeps): UnaryHandler<typeof ConversationService.method.leaveConversation> {
  return async ({ conversationId, userId }, context) => {
    const caller = callerOf(context)
    const leaver = actingUser(caller, userId)
    if (leaver === undefined) throw invalidField('user_id', 'an API client says who leaves')
    const target = { caller, conversationId, from: leaver }
    await changeMembers(deps, target, { removed: [leaver] }, (snapshot) => decideLeaving(snapshot, leaver))
    return {}
  }
}

function decideLeaving(snapshot: Snapshot, leaver: string) {
  requireGroup(snapshot)
  checkLeaving(snapshot.members, leaver)
  const value = { userIds: [leaver], removedBy: leaver }
  return { removeMembers: [leaver], changed: { case: 'membersRemoved' as const, value } }
}
