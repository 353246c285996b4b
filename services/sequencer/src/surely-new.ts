import { timeOfId } from '@chat4all/base'
import type { ConversationLog } from '@chat4all/ports'

const YOUNG_MS = 55_000
/** Gateways refuse ids from more than an hour ahead. */
const LONG_WINDOW_MS = 2 * 3_600_000

/** Whether no message before can have this id: it was young when the message was accepted, so a first use would have been later still,
 *  and the log would have found the repeat. Saves looking the id up. Keys are remembered by partition, so with several partitions
 *  nothing is sure: the id may have been used in a conversation of another one. */
export function isSurelyNew(log: ConversationLog, messageId: string, acceptedAtMicros: bigint): boolean {
  if (log.partitions > 1 || log.dedupeWindowMs < LONG_WINDOW_MS) return false
  const acceptedAt = Number(acceptedAtMicros / 1000n)
  const madeAt = timeOfId(messageId)
  return madeAt !== undefined && madeAt <= acceptedAt && acceptedAt - madeAt < YOUNG_MS
}
