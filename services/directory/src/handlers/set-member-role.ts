import type { MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import type { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import { changeMembers, requireGroup, type Snapshot } from '../change-conversation.ts'
import type { HandlerDeps } from '../deps.ts'
import { actingUser, callerOf } from '../domain/caller.ts'
import { planRoleChange } from '../domain/membership.ts'
import { actorName } from '../domain/roles.ts'
import { toMember } from '../mapping.ts'

export function setMemberRole(deps: HandlerDeps): UnaryHandler<typeof ConversationService.method.setMemberRole> {
  return async ({ conversationId, userId, role, from }, context) => {
    const caller = callerOf(context)
    const target = { caller, conversationId, from: actingUser(caller, from) }
    const { decision, snapshot } = await changeMembers(deps, target, {}, (before) => decideRole(before, userId, role))
    const member = decision?.putMembers[0] ?? snapshot.members.find((unchanged) => unchanged.userId === userId)!
    return { member: toMember(member) }
  }
}

function decideRole(snapshot: Snapshot, userId: string, role: MemberRole) {
  requireGroup(snapshot)
  const member = planRoleChange(snapshot.members, snapshot.actor, userId, role)
  if (snapshot.members.some((before) => before.userId === userId && before.role === role)) return undefined
  const value = { member: toMember(member), changedBy: actorName(snapshot.actor) }
  return { putMembers: [member], changed: { case: 'memberRoleChanged', value } as const }
}
