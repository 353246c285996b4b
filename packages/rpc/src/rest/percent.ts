import { ChatError } from '@chat4all/base'

/** A segment of a path as literals are compared: decoded, or as it is where it can't be decoded. */
export function comparable(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** One segment, decoded wholly. */
export function decodeSegment(raw: string): string {
  if (!raw.includes('%')) return raw
  try {
    return decodeURIComponent(raw)
  } catch {
    throw new ChatError('REQUEST_MALFORMED', 'The path holds a malformed percent-encoding.')
  }
}

/** Several segments: an escaped slash stays escaped, for it separates nothing. Source: google/api/http.proto. */
export function decodeSegments(raw: string): string {
  return raw
    .split(/(%2[Ff])/)
    .map((part, i) => (i % 2 === 1 ? part : decodeSegment(part)))
    .join('')
}

/** A key or a value of a query. */
export function decodeQueryPart(raw: string): string {
  if (!raw.includes('%') && !raw.includes('+')) return raw
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '))
  } catch {
    throw new ChatError('REQUEST_MALFORMED', 'The query holds a malformed percent-encoding.')
  }
}
