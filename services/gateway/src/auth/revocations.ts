import type { Invalidation } from '@chat4all/gen/chat4all/internal/v1/live_batch_pb.js'
import type { Principal } from '@chat4all/rpc'
import type { DirectoryClient } from '../deps.ts'

/** Tokens that no longer hold although they have not expired. Small: an entry is needed only as long as tokens live. */
export class Revocations {
  readonly #tokens = new Set<string>()
  readonly #clients = new Set<string>()
  readonly #users = new Set<string>()

  async load(directory: DirectoryClient): Promise<void> {
    const { tokens, clientIds, users } = await directory.listRevocations({})
    for (const { tokenId } of tokens) this.#tokens.add(tokenId)
    for (const clientId of clientIds) this.#clients.add(clientId)
    for (const { tenantId, userId } of users) this.#users.add(userKey(tenantId, userId))
  }

  take({ tenantId, kind }: Invalidation): void {
    if (kind.case === 'revokedTokenId') this.#tokens.add(kind.value)
    if (kind.case === 'revokedClientId') this.#clients.add(kind.value)
    if (kind.case === 'deactivatedUserId') this.#users.add(userKey(tenantId, kind.value))
    if (kind.case === 'activatedUserId') this.#users.delete(userKey(tenantId, kind.value))
  }

  isRevoked(principal: Principal): boolean {
    return (
      this.#tokens.has(principal.tokenId) ||
      this.#clients.has(principal.clientId) ||
      (principal.userId !== undefined && this.#users.has(userKey(principal.tenantId, principal.userId)))
    )
  }
}

function userKey(tenantId: string, userId: string): string {
  return `${tenantId}/${userId}`
}
