import type { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import { admitUsers } from '../admit-users.ts'
import { changeMembers, requireGroup, type Snapshot } from '../change-conversation.ts'
import type { HandlerDeps } from '../deps.ts'
import { actingUser, callerOf } from '../domain/caller.ts'
import { planAddition } from '../domain/membership.ts'
import { actorName, actorView } from '../domain/roles.ts'
import { toConversation, toMember } from '../mapping.ts'

export function addMembers(deps: HandlerDeps): UnaryHandler<typeof ConversationService.method.addMembers> {
  return async ({ conversationId, members, from }, context) => {
    const caller = callerOf(context)
    const target = { caller, conversationId, from: actingUser(caller, from) }
    const mayCreateUsers = caller.kind === 'client'
    const decide = (snapshot: Snapshot) => decideAddition(deps, snapshot, members, mayCreateUsers)
    const { conversation, decision, snapshot } = await changeMembers(deps, target, { added: members }, decide)
    const added = (decision?.putMembers ?? []).map((member) => member.userId)
    return { conversation: toConversation(conversation, actorView(snapshot.actor)), added }
  }
}

async function decideAddition({ directory }: HandlerDeps, snapshot: Snapshot, named: readonly string[], mayCreateUsers: boolean) {
  requireGroup(snapshot)
  const putMembers = planAddition(snapshot.members, snapshot.actor, named, snapshot.at)
  if (putMembers.length === 0) return undefined
  const userIds = putMembers.map((member) => member.userId)
  const createUsers = await admitUsers(directory, snapshot.conversation.tenantId, userIds, mayCreateUsers)
  const value = { members: putMembers.map(toMember), addedBy: actorName(snapshot.actor) }
  return { putMembers, createUsers, changed: { case: 'membersAdded', value } as const }
}
