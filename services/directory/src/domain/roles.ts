import { ChatError } from '@chat4all/base'
import { MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import type { MemberRow } from '@chat4all/ports'

/** Who changes a conversation: an API client for itself, which may do everything, or a member with their role. */
export type Actor = { readonly kind: 'client' } | { readonly kind: 'member'; readonly userId: string; readonly role: MemberRole }

/** Finds the acting user among the members. Throws NOT_A_MEMBER. */
export function actorAmong(members: readonly MemberRow[], userId: string | undefined, conversationId: string): Actor {
  if (userId === undefined) return { kind: 'client' }
  const member = members.find((candidate) => candidate.userId === userId)
  if (!member) throw notAMember(conversationId)
  return { kind: 'member', userId, role: member.role }
}

/** Roles rise with their numbers. */
export function requireRole(actor: Actor, role: MemberRole): void {
  if (actor.kind === 'client' || actor.role >= role) return
  const name = MemberRole[role].toLowerCase()
  throw new ChatError('ROLE_TOO_LOW', `This needs the role ${name}.`, { metadata: { required_role: name } })
}

export function notAMember(conversationId: string): ChatError {
  return new ChatError('NOT_A_MEMBER', 'The user is not a member of the conversation.', { metadata: { conversation_id: conversationId } })
}

/** Who did it, as events tell it: empty for an API client. */
export function actorName(actor: Actor): string {
  return actor.kind === 'member' ? actor.userId : ''
}

/** The acting member, to be shown their own view. */
export function actorView(actor: Actor): { readonly userId: string; readonly role: MemberRole } | undefined {
  return actor.kind === 'member' ? actor : undefined
}
