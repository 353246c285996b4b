import { ChatError } from '@chat4all/base'
import type { Invalidation } from '@chat4all/gen/chat4all/internal/v1/live_batch_pb.js'
import type { DirectoryClient } from '../deps.ts'
import { LEASE_MS } from './conversation-access.ts'
import { LeaseCache } from './lease-cache.ts'

/** Whether users may act, from the directory's answers. */
export class Users {
  readonly #directory: DirectoryClient
  readonly #leases = new LeaseCache<'active' | 'deactivated' | undefined>({ max: 200_000, leaseMs: LEASE_MS })

  constructor(directory: DirectoryClient) {
    this.#directory = directory
  }

  /** Throws USER_NOT_FOUND or USER_DEACTIVATED. */
  async requireActive(tenantId: string, userId: string): Promise<void> {
    const state = await this.#leases.get(`${tenantId}/${userId}`, () => this.#resolve(tenantId, userId))
    if (state === undefined) throw new ChatError('USER_NOT_FOUND', 'There is no such user.', { metadata: { user_id: userId } })
    if (state === 'deactivated') throw new ChatError('USER_DEACTIVATED', 'The user is deactivated.', { metadata: { user_id: userId } })
  }

  take({ tenantId, kind }: Invalidation): void {
    if (kind.case === 'deactivatedUserId' || kind.case === 'activatedUserId') this.#leases.drop(`${tenantId}/${kind.value}`)
  }

  async #resolve(tenantId: string, userId: string): Promise<'active' | 'deactivated' | undefined> {
    const { found, active } = await this.#directory.resolveUser({ tenantId, userId })
    if (!found) return undefined
    return active ? 'active' : 'deactivated'
  }
}
