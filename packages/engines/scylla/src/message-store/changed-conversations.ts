import type { ChangedConversation, MessageStore } from '@chat4all/ports'
import type { CqlClient } from '../cql/client.ts'
import { findWithMember, isPresent, type ListedConversation, listOfUser } from './members.ts'
import { revisionAt } from './revisions.ts'

/** Conversations looked at together. */
const STEP = 64

export function createChangedConversations(cql: CqlClient): MessageStore['changedConversations'] {
  return async (tenantId, userId, range, afterConversationId, limit) => {
    const after = ({ partition }: ListedConversation) => range.after.get(partition) ?? 0n
    const list = await listOfUser(cql, tenantId, userId, afterConversationId)
    const candidates = list.filter((listed) => listed.leftPosition === 0n || listed.leftPosition > after(listed))
    const changed: ChangedConversation[] = []
    for (let from = 0; from < candidates.length && changed.length < limit; from += STEP) {
      const step = candidates.slice(from, from + STEP)
      const found = await Promise.all(step.map((listed) => changeOf(cql, tenantId, userId, listed.conversationId, range)))
      changed.push(...found.filter((change) => change !== undefined))
    }
    return changed.slice(0, limit)
  }
}

async function changeOf(
  cql: CqlClient,
  tenantId: string,
  userId: string,
  conversationId: string,
  range: Parameters<MessageStore['changedConversations']>[2],
): Promise<ChangedConversation | undefined> {
  const found = await findWithMember(cql, { tenantId, conversationId }, userId)
  if (!found) return undefined
  const { conversation, member } = found
  const after = range.after.get(conversation.partition) ?? 0n
  const receiptsChanged = isPresent(member) && conversation.receiptsAt > 0n && conversation.receiptsAt >= range.receiptsSince
  if (conversation.position <= after && !receiptsChanged) return undefined
  const afterRevision = await revisionAt(cql, conversation, after)
  const throughRevision = await revisionAt(cql, conversation, range.through.get(conversation.partition) ?? 0n)
  const isNews = (revision: bigint) => afterRevision < revision && revision <= throughRevision
  const { leftRevision } = member
  if (!isPresent(member))
    return isNews(leftRevision) ? { conversationId, afterRevision, throughRevision, leftRevision, receiptsChanged } : undefined
  if (isNews(throughRevision)) return { conversationId, afterRevision, throughRevision, receiptsChanged }
  return receiptsChanged ? { conversationId, afterRevision: throughRevision, throughRevision, receiptsChanged } : undefined
}
