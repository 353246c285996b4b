import { conversationSubject, type LiveBus, type Unsubscribe } from '@chat4all/ports'
import type { UserFeed } from './user-feed.ts'

interface Followed {
  readonly feeds: Set<UserFeed>
  readonly subscribed: Promise<Unsubscribe>
}

/** Follows each large conversation once per gateway, however many of its members are connected here. */
export class LargeConversations {
  readonly #bus: LiveBus
  readonly #take: (payload: Uint8Array, feeds: ReadonlySet<UserFeed>) => void
  readonly #followed = new Map<string, Followed>()

  constructor(bus: LiveBus, take: (payload: Uint8Array, feeds: ReadonlySet<UserFeed>) => void) {
    this.#bus = bus
    this.#take = take
  }

  /** Resolves when what happens from now on reaches the feed. */
  async follow(conversationId: string, feed: UserFeed): Promise<void> {
    if (feed.followed?.has(conversationId)) return
    const followed = this.#followed.get(conversationId) ?? this.#subscribe(conversationId)
    followed.feeds.add(feed)
    feed.followed ??= new Map()
    feed.followed.set(conversationId, () => this.#leave(conversationId, followed, feed))
    await followed.subscribed
  }

  #subscribe(conversationId: string): Followed {
    const feeds = new Set<UserFeed>()
    const subscribed = this.#bus.subscribe(conversationSubject(conversationId), (payload) => this.#take(payload, feeds))
    const followed = { feeds, subscribed }
    this.#followed.set(conversationId, followed)
    return followed
  }

  #leave(conversationId: string, followed: Followed, feed: UserFeed): void {
    followed.feeds.delete(feed)
    if (followed.feeds.size > 0) return
    if (this.#followed.get(conversationId) === followed) this.#followed.delete(conversationId)
    void followed.subscribed.then((unsubscribe) => unsubscribe())
  }
}
