import { subjectToken } from './live-bus.ts'

/** Conversations with more members are followed by conversation, smaller ones by user: either way a message is published to few subjects. */
export const LARGE_CONVERSATION = 16

/** What concerns one user. */
export function userSubject(tenantId: string, userId: string): string {
  return `live.user.${subjectToken(tenantId)}.${subjectToken(userId)}`
}

/** What happens in one large conversation. */
export function conversationSubject(conversationId: string): string {
  return `live.conv.${conversationId}`
}

/** Receipts of one conversation, for those who watch a message's status. */
export function receiptsSubject(conversationId: string): string {
  return `live.receipts.${conversationId}`
}

/** The subjects that reach every member of a conversation. */
export function followSubjects(tenantId: string, conversationId: string, userIds: readonly string[]): string[] {
  if (userIds.length > LARGE_CONVERSATION) return [conversationSubject(conversationId)]
  return userIds.map((userId) => userSubject(tenantId, userId))
}

/** How far the sequencer of each partition has published: everything at or below the position. */
export const SETTLED_SUBJECT = 'live.settled'
