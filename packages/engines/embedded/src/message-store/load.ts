import type { DatabaseSync } from 'node:sqlite'
import { uuidToBytes } from '@chat4all/base/ids'
import type { ConversationKey, ConversationState, LogPlace } from '@chat4all/ports'
import { conversationFinder, toHead } from './conversation.ts'
import { membersReader } from './members.ts'
import { prepare } from './statement.ts'

/** What the sequencer reads before it orders a batch. */
export function createLoad(db: DatabaseSync) {
  const find = conversationFinder(db)
  const readMembers = membersReader(db)
  const selectPlace = prepare<{ readonly partition: bigint; readonly position: bigint }>(
    db,
    `SELECT c.partition, m.position FROM messages m JOIN conversations c ON c.no = m.conversation
     WHERE m.tenant = (SELECT no FROM tenants WHERE tenant_id = ?) AND m.message_id = ?`,
  )
  const place = (tenantId: string, messageId: string): LogPlace | undefined => {
    const row = selectPlace.get(tenantId, uuidToBytes(messageId))
    return row && { partition: Number(row.partition), position: row.position }
  }
  const state = (key: ConversationKey): ConversationState | undefined => {
    const row = find(key)
    return row && { head: toHead(row), members: readMembers(row.no) }
  }
  return (keys: readonly ConversationKey[], messageIds: readonly { readonly tenantId: string; readonly messageId: string }[]) => ({
    states: keys.map(state),
    holders: messageIds.map(({ tenantId, messageId }) => place(tenantId, messageId)),
  })
}
