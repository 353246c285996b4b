import type { DatabaseSync } from 'node:sqlite'
import { uuidToBytes } from '@chat4all/base/ids'
import type { ConversationKey, ConversationState } from '@chat4all/ports'
import { conversationFinder, toHead } from './conversation.ts'
import { membersReader } from './members.ts'
import { prepare } from './statement.ts'

/** What the sequencer reads before it orders a batch. */
export function createLoad(db: DatabaseSync) {
  const find = conversationFinder(db)
  const readMembers = membersReader(db)
  const selectPosition = prepare<{ readonly position: bigint }>(
    db,
    'SELECT position FROM messages WHERE tenant = (SELECT no FROM tenants WHERE tenant_id = ?) AND message_id = ?',
  )
  const state = (key: ConversationKey): ConversationState | undefined => {
    const row = find(key)
    return row && { head: toHead(row), members: readMembers(row.no) }
  }
  return (keys: readonly ConversationKey[], messageIds: readonly { readonly tenantId: string; readonly messageId: string }[]) => ({
    states: keys.map(state),
    knownPositions: messageIds.map(({ tenantId, messageId }) => selectPosition.get(tenantId, uuidToBytes(messageId))?.position),
  })
}
