import type { User } from '@chat4all/gen/chat4all/v1/user_pb.js'
import type { UserRow } from '@chat4all/ports'
import type { HandlerDeps } from './deps.ts'

/** Stores users as given. Gateways that turn away one who was deactivated until now learn of it before this resolves. */
export async function upsertUsers(deps: HandlerDeps, tenantId: string, users: readonly User[]): Promise<readonly UserRow[]> {
  const before = await deps.directory.users(
    tenantId,
    users.map((user) => user.userId),
  )
  const rows = await deps.directory.upsertUsers(tenantId, users, deps.clock.now())
  const activated = before.filter((user) => user.deactivatedAt !== undefined)
  await Promise.all(activated.map(({ userId }) => deps.invalidations.invalidate(tenantId, { case: 'activatedUserId', value: userId })))
  return rows
}
