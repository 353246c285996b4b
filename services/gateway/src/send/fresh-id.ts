import { invalidField, timeOfId } from '@chat4all/base'

/** Younger ids of version 7 can only repeat something that the log's dedupe window still holds. */
const WINDOW_MS = 55_000
/** An id from further in the future could outlive the dedupe window before its time comes. */
const MAX_AHEAD_MS = 3_600_000

/** Whether a message id is so new that the log alone tells a repeat from a first use: version 7 carries its time (RFC 9562). Others are looked up in the store before they are accepted. */
export function isFreshId(messageId: string, now: number): boolean {
  const madeAt = timeOfId(messageId)
  return madeAt !== undefined && madeAt <= now && now - madeAt < WINDOW_MS
}

/** Refuses ids of version 7 whose time is more than an hour ahead. */
export function refuseFutureId(messageId: string, now: number): void {
  if ((timeOfId(messageId) ?? 0) > now + MAX_AHEAD_MS)
    throw invalidField('message_id', 'its time lies more than an hour in the future: check the clock')
}
