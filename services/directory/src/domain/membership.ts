import { ChatError } from '@chat4all/base'
import { MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import type { MemberRow } from '@chat4all/ports'
import { type Actor, requireRole } from './roles.ts'

export const MAX_MEMBERS = 1000

/** The members to add: those named who are not there yet. Throws ROLE_TOO_LOW, TOO_MANY_MEMBERS. */
export function planAddition(members: readonly MemberRow[], actor: Actor, named: readonly string[], at: number): readonly MemberRow[] {
  requireRole(actor, MemberRole.ADMIN)
  const present = new Set(members.map((member) => member.userId))
  const added = [...new Set(named)].filter((userId) => !present.has(userId))
  requireRoom(present.size + added.length)
  return added.map((userId) => ({ userId, role: MemberRole.MEMBER, joinedAt: at }))
}

/** The members to remove: those named who are there. Throws ROLE_TOO_LOW, LAST_OWNER. */
export function planRemoval(members: readonly MemberRow[], actor: Actor, named: readonly string[]): readonly string[] {
  requireRole(actor, MemberRole.ADMIN)
  const wanted = new Set(named)
  const removed = members.filter((member) => wanted.has(member.userId))
  if (removed.some((member) => member.role >= MemberRole.ADMIN)) requireRole(actor, MemberRole.OWNER)
  if (removed.length > 0) requireOwner(members.filter((member) => !wanted.has(member.userId)))
  return removed.map((member) => member.userId)
}

/** Throws LAST_OWNER. */
export function checkLeaving(members: readonly MemberRow[], userId: string): void {
  requireOwner(members.filter((member) => member.userId !== userId))
}

/** The member with the new role. Throws MEMBER_NOT_FOUND, ROLE_TOO_LOW, LAST_OWNER. */
export function planRoleChange(members: readonly MemberRow[], actor: Actor, userId: string, role: MemberRole): MemberRow {
  requireRole(actor, MemberRole.OWNER)
  const member = members.find((candidate) => candidate.userId === userId)
  if (!member) throw new ChatError('MEMBER_NOT_FOUND', 'The user is not a member.', { metadata: { user_id: userId } })
  const changed = { ...member, role }
  requireOwner(members.map((candidate) => (candidate === member ? changed : candidate)))
  return changed
}

/** Throws TOO_MANY_MEMBERS. */
export function requireRoom(memberCount: number): void {
  if (memberCount <= MAX_MEMBERS) return
  throw new ChatError('TOO_MANY_MEMBERS', `A group has at most ${MAX_MEMBERS} members.`, { metadata: { limit: String(MAX_MEMBERS) } })
}

function requireOwner(remaining: readonly MemberRow[]): void {
  if (remaining.some((member) => member.role === MemberRole.OWNER)) return
  throw new ChatError('LAST_OWNER', 'A group always has an owner: name another one first.')
}
