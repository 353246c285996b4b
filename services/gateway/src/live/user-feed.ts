import type { FramedBatch } from './batch.ts'
import type { Subscription } from './subscription.ts'

/** All live streams of one user on this gateway, one per device. */
export class UserFeed {
  readonly tenantId: string
  readonly userId: string
  readonly subscriptions = new Set<Subscription>()
  /** Large conversations that are followed by their own subject, with how to stop. */
  readonly followed = new Map<string, () => void>()
  /** Conversations the user was removed from, as acknowledged to whoever removed them: nothing of them is shown any more but the farewell. */
  readonly #removedFrom = new Set<string>()

  constructor(tenantId: string, userId: string) {
    this.tenantId = tenantId
    this.userId = userId
  }

  take(framed: FramedBatch): void {
    const { conversationId, farewell } = framed.batch
    if (this.#removedFrom.size > 0 && this.#removedFrom.has(conversationId) && !farewell) return
    for (const subscription of this.subscriptions) subscription.take(framed)
  }

  removedFrom(conversationId: string): void {
    this.#removedFrom.add(conversationId)
    this.unfollow(conversationId)
  }

  addedTo(conversationId: string): void {
    this.#removedFrom.delete(conversationId)
  }

  unfollow(conversationId: string): void {
    this.followed.get(conversationId)?.()
    this.followed.delete(conversationId)
  }

  unfollowAll(): void {
    for (const conversationId of [...this.followed.keys()]) this.unfollow(conversationId)
  }
}
