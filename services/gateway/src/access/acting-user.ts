import { ChatError, invalidField } from '@chat4all/base'
import type { Principal } from '@chat4all/rpc'

/** The user a call is made for. Users are themselves; API clients must name one in `field`. */
export function actingUser(principal: Principal, named: string, field: string): string {
  const userId = optionalActingUser(principal, named)
  if (userId === undefined) throw invalidField(field, 'an API client must name the user it acts for')
  return userId
}

/** As `actingUser`, but API clients may act for nobody. */
export function optionalActingUser(principal: Principal, named: string): string | undefined {
  if (principal.userId === undefined) return named === '' ? undefined : named
  if (named !== '' && named !== principal.userId) throw new ChatError('ACCESS_DENIED', 'A user can only act as themselves.')
  return principal.userId
}
