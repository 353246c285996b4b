import type { FramedBatch } from './batch.ts'
import type { Subscription } from './subscription.ts'

/** All live streams of one user on this gateway, one per device. */
export class UserFeed {
  readonly tenantId: string
  readonly userId: string
  readonly subscriptions = new Set<Subscription>()
  /** Large conversations that are followed by their own subject, with how to stop. */
  followed: Map<string, () => void> | undefined
  /** Conversations the user was removed from, as acknowledged to whoever removed them: nothing of them is shown any more but the farewell. */
  #removedFrom: Set<string> | undefined

  constructor(tenantId: string, userId: string) {
    this.tenantId = tenantId
    this.userId = userId
  }

  take(framed: FramedBatch): void {
    const { conversationId, farewell } = framed.batch
    const withheld = !farewell && this.#removedFrom?.has(conversationId)
    for (const subscription of this.subscriptions) {
      if (withheld) subscription.withhold(framed)
      else subscription.take(framed)
    }
  }

  removedFrom(conversationId: string): void {
    this.#removedFrom ??= new Set()
    this.#removedFrom.add(conversationId)
    this.unfollow(conversationId)
    for (const subscription of this.subscriptions) subscription.drop(conversationId)
  }

  addedTo(conversationId: string): void {
    this.#removedFrom?.delete(conversationId)
  }

  unfollow(conversationId: string): void {
    this.followed?.get(conversationId)?.()
    this.followed?.delete(conversationId)
  }

  unfollowAll(): void {
    for (const conversationId of [...(this.followed?.keys() ?? [])]) this.unfollow(conversationId)
  }
}
