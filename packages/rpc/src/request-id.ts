import { randomBytes } from 'node:crypto'

/** The header that carries the request id, in both directions. */
export const REQUEST_ID_HEADER = 'x-request-id'

const PRINTABLE = /^[\x21-\x7e]{1,128}$/

/** Random for each process, so that ids with a counter are unique over all. A UUID would cost a microsecond and, kept by a live stream, a kilobyte. */
const PREFIX = randomBytes(9).toString('base64url')
let made = 0

/** The caller's request id if it is fit for logs and headers, else a new one. */
export function requestIdFrom(given: string | undefined): string {
  return given !== undefined && PRINTABLE.test(given) ? given : `${PREFIX}-${(made++).toString(36)}`
}
