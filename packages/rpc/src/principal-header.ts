import { ChatError } from '@chat4all/base'
import type { Authenticate, Principal } from './handler.ts'

/**
 * Carries the principal from one service to the next, once the first has authenticated the caller. Only servers that nobody
 * but our own services can reach may believe it.
 */
export const PRINCIPAL_HEADER = 'chat4all-principal'

export function encodePrincipal(principal: Principal): string {
  return Buffer.from(JSON.stringify(principal)).toString('base64url')
}

export function decodePrincipal(header: string): Principal {
  try {
    return JSON.parse(Buffer.from(header, 'base64url').toString()) as Principal
  } catch {
    throw new ChatError('TOKEN_INVALID', `The ${PRINCIPAL_HEADER} header is not valid.`)
  }
}

/** Takes the principal that the calling service vouches for. */
export const authenticateByHeader: Authenticate = (header) => {
  const value = header(PRINCIPAL_HEADER)
  return value === undefined ? undefined : decodePrincipal(value)
}
