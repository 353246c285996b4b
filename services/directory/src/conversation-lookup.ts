import { ChatError } from '@chat4all/base'
import type { ConversationRow, Directory, MemberRow } from '@chat4all/ports'
import { MAX_MEMBERS } from './domain/membership.ts'
import { notAMember } from './domain/roles.ts'

/** Throws CONVERSATION_NOT_FOUND, for one of another tenant too. UUIDs are equal whatever their case (RFC 9562 §4): use the row's id from here on. */
export async function findConversation(directory: Directory, tenantId: string, conversationId: string): Promise<ConversationRow> {
  const row = await directory.conversation(tenantId, conversationId.toLowerCase())
  if (!row) throw new ChatError('CONVERSATION_NOT_FOUND', 'There is no such conversation.')
  return row
}

/** The member who looks at a conversation, or undefined for an API client that asks for nobody. Throws NOT_A_MEMBER. */
export async function findViewer(directory: Directory, row: ConversationRow, userId: string | undefined): Promise<MemberRow | undefined> {
  if (userId === undefined) return undefined
  const member = await directory.member(row.tenantId, row.conversationId, userId)
  if (!member) throw notAMember(row.conversationId)
  return member
}

export function allMembers(directory: Directory, { tenantId, conversationId }: ConversationRow): Promise<readonly MemberRow[]> {
  return directory.members(tenantId, conversationId, '', MAX_MEMBERS)
}
