import { timeOfId } from '@chat4all/base'

/** Younger ids of version 7 can only repeat something that the log's dedupe window still holds. */
const WINDOW_MS = 55_000

/** Whether a message id is so new that the log alone tells a repeat from a first use: version 7 carries its time (RFC 9562). Others are looked up in the store before they are accepted. */
export function isFreshId(messageId: string, now: number): boolean {
  const madeAt = timeOfId(messageId)
  return madeAt !== undefined && madeAt <= now && now - madeAt < WINDOW_MS
}
