import { randomUUID } from 'node:crypto'

/** The header that carries the request id, in both directions. */
export const REQUEST_ID_HEADER = 'x-request-id'

const PRINTABLE = /^[\x21-\x7e]{1,128}$/

/** The caller's request id if it is fit for logs and headers, else a new one. */
export function requestIdFrom(given: string | undefined): string {
  return given !== undefined && PRINTABLE.test(given) ? given : randomUUID()
}
