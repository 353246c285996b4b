import { invalidField, sha256Hex } from '@chat4all/base'
import { ConversationType, MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import type { MemberRow } from '@chat4all/ports'
import { requireRoom } from './membership.ts'

/** What a new conversation is asked to be. */
export interface ConversationPlan {
  readonly type: ConversationType
  readonly title: string
  readonly metadata: Readonly<Record<string, string>>
  readonly members: readonly string[]
  /** The user who creates it. Absent: an API client for itself. */
  readonly creator: string | undefined
}

/** The first members. Throws FIELD_INVALID when there are not the right ones for the type, TOO_MANY_MEMBERS. */
export function firstMembers(plan: ConversationPlan, at: number): readonly MemberRow[] {
  const named = plan.creator === undefined ? plan.members : [plan.creator, ...plan.members]
  const users = [...new Set(named)]
  if (plan.type === ConversationType.PRIVATE) {
    requirePair(plan, users)
    return users.map((userId) => ({ userId, role: MemberRole.MEMBER, joinedAt: at }))
  }
  if (users.length === 0) throw invalidField('members', 'name at least one user, who then owns the group')
  requireRoom(users.length)
  return users.map((userId, index) => ({ userId, role: index === 0 ? MemberRole.OWNER : MemberRole.MEMBER, joinedAt: at }))
}

function requirePair(plan: ConversationPlan, users: readonly string[]): void {
  if (users.length !== 2) throw invalidField('members', 'a private conversation takes exactly two distinct users')
  if (plan.title !== '') throw invalidField('title', 'a private conversation has no title')
}

/** Names the private conversation of two users, in whatever order they come. JSON, so that no two pairs share a name. */
export function privatePair(one: string, other: string): string {
  return JSON.stringify(one < other ? [one, other] : [other, one])
}

/** Equal for requests that ask for the same, whatever the order of their metadata. */
export function planFingerprint(plan: ConversationPlan): string {
  const metadata = Object.entries(plan.metadata).sort(([a], [b]) => (a < b ? -1 : 1))
  return sha256Hex(JSON.stringify([plan.type, plan.title, metadata, plan.members, plan.creator ?? null]))
}
