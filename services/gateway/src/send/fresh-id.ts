/** Younger ids of version 7 can only repeat something that the log's dedupe window still holds. */
const WINDOW_MS = 55_000

/** Whether a message id is so new that the log alone tells a repeat from a first use: version 7 carries its time (RFC 9562). Others are looked up in the store before they are accepted. */
export function isFreshId(messageId: string, now: number): boolean {
  if (messageId.charAt(14) !== '7') return false
  const madeAt = Number.parseInt(messageId.slice(0, 8) + messageId.slice(9, 13), 16)
  return madeAt <= now && now - madeAt < WINDOW_MS
}
