/** PostgreSQL stores every character but U+0000. U+001A (substitute) stands in for it: followed by `0` it is a U+0000, doubled it is itself.
 *  All other text is stored as it is, JSON included: JSON escapes both characters in its own way. */
const SUBSTITUTE = '\u001a'

export function toStored(text: string): string {
  if (!text.includes('\0') && !text.includes(SUBSTITUTE)) return text
  return text.replaceAll(SUBSTITUTE, SUBSTITUTE + SUBSTITUTE).replaceAll('\0', `${SUBSTITUTE}0`)
}

export function fromStored(stored: string): string {
  if (!stored.includes(SUBSTITUTE)) return stored
  return stored.replaceAll(new RegExp(`${SUBSTITUTE}(.)`, 'gsu'), (_, code: string) => (code === '0' ? '\0' : code))
}
