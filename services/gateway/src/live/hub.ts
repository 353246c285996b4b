import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { ChatError, type Clock, type Logger } from '@chat4all/base'
import { type Invalidation, LiveBatchSchema } from '@chat4all/gen/chat4all/internal/v1/live_batch_pb.js'
import { SubscribeResponseSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { LARGE_CONVERSATION, type LiveBus, type MessageStore, SETTLED_SUBJECT, type Unsubscribe, userSubject } from '@chat4all/ports'
import type { Principal } from '@chat4all/rpc'
import type { Revocations } from '../auth/revocations.ts'
import { BatchFramer, type FramedBatch } from './batch.ts'
import { CutOff, cutOffError } from './cut-off.ts'
import { LargeConversations } from './large-conversations.ts'
import type { Subscription } from './subscription.ts'
import { UserFeed } from './user-feed.ts'

/** How often streams are looked at for expired tokens. */
const SWEEP_MS = 1_000
const INBOX_PAGE = 500

export interface HubDeps {
  readonly store: MessageStore
  readonly bus: LiveBus
  readonly clock: Clock
  readonly logger: Logger
  readonly revocations: Revocations
  readonly nowMicros: () => bigint
  readonly heartbeatSeconds: number
  /** Is told when streams can't be served for now, and when they can again. */
  readonly onReadiness: (ready: boolean) => void
}

/** All live streams of this gateway. */
export class LiveHub {
  readonly #deps: HubDeps
  readonly #feeds = new Map<string, { readonly feed: UserFeed; readonly subscribed: Promise<Unsubscribe> }>()
  readonly #framer: BatchFramer
  readonly #large: LargeConversations
  readonly #cutOff: CutOff
  readonly #stops: (() => void)[] = []

  constructor(deps: HubDeps) {
    this.#deps = deps
    this.#framer = new BatchFramer(deps.nowMicros)
    this.#large = new LargeConversations(deps.bus, (payload, feeds) => this.#takeLarge(payload, feeds))
    this.#cutOff = new CutOff((cutOff) => this.#turn(cutOff))
  }

  /** Streams opened from now on miss nothing. */
  async start(): Promise<void> {
    for (const [partition, position] of await this.#deps.store.settled()) this.#framer.raise(partition, position)
    // A sequencer says from time to time how far it is: everything before has been published, to whomever it concerned.
    const unsubscribe = await this.#deps.bus.subscribe(SETTLED_SUBJECT, (payload) => {
      const { partition, position } = fromBinary(LiveBatchSchema, payload)
      this.#framer.raise(partition, position)
    })
    const sweep = setInterval(() => this.#sweep(), SWEEP_MS)
    const heartbeat = setInterval(() => this.#beat(), this.#deps.heartbeatSeconds * 1000)
    this.#stops.push(
      unsubscribe,
      () => clearInterval(sweep),
      () => clearInterval(heartbeat),
      this.#deps.bus.onLoss({ began: () => this.#framer.hold(), over: () => this.#resyncAll() }),
      this.#cutOff.watch(this.#deps.bus),
    )
  }

  /** Ends every stream. */
  stop(): void {
    for (const stop of this.#stops) stop()
    this.#forEach((subscription) =>
      subscription.end(
        new ChatError('SHUTTING_DOWN', 'The server is shutting down. Subscribe again with the last cursor.', { retryAfterMs: 500 }),
      ),
    )
  }

  /** Throws when streams had nothing to give for now. */
  requireBus(): void {
    this.#cutOff.refuse()
  }

  /** Resolves when everything that concerns the user from now on reaches the subscription. */
  async add(subscription: Subscription): Promise<void> {
    const { tenantId } = subscription.principal
    const entry = this.#feeds.get(feedKey(tenantId, subscription.userId)) ?? this.#open(tenantId, subscription.userId)
    entry.feed.subscriptions.add(subscription)
    // A token that was revoked before this was not found among the streams.
    this.#endIfRevoked(subscription.principal, subscription)
    await entry.subscribed
    await this.#followLarge(entry.feed)
  }

  remove(subscription: Subscription): void {
    const key = feedKey(subscription.principal.tenantId, subscription.userId)
    const entry = this.#feeds.get(key)
    if (entry === undefined || !entry.feed.subscriptions.delete(subscription) || entry.feed.subscriptions.size > 0) return
    this.#feeds.delete(key)
    entry.feed.unfollowAll()
    void entry.subscribed.then((unsubscribe) => unsubscribe())
  }

  /** Takes in what the directory declares invalid: has its effect before it returns. */
  take({ tenantId, kind }: Invalidation): void {
    if (kind.case === 'membership') {
      const { conversationId, removed, added } = kind.value
      for (const userId of removed) this.#feeds.get(feedKey(tenantId, userId))?.feed.removedFrom(conversationId)
      for (const userId of added) this.#feeds.get(feedKey(tenantId, userId))?.feed.addedTo(conversationId)
      return
    }
    if (kind.case === 'deactivatedUserId') return this.#endDeactivated(tenantId, kind.value)
    this.#forEach((subscription) => this.#endIfRevoked(subscription.principal, subscription))
  }

  get framer(): BatchFramer {
    return this.#framer
  }

  #open(tenantId: string, userId: string): { readonly feed: UserFeed; readonly subscribed: Promise<Unsubscribe> } {
    const feed = new UserFeed(tenantId, userId)
    const subscribed = this.#deps.bus.subscribe(userSubject(tenantId, userId), (payload) => this.#takeUser(payload, feed))
    const entry = { feed, subscribed }
    this.#feeds.set(feedKey(tenantId, userId), entry)
    return entry
  }

  #takeUser(payload: Uint8Array, feed: UserFeed): void {
    const framed = this.#framer.frame(payload)
    this.#hand(framed, feed)
    if (framed.batch.farewell) feed.unfollow(framed.batch.conversationId)
    if (framed.batch.membersChanged) this.#followChanged(framed, feed)
  }

  #takeLarge(payload: Uint8Array, feeds: ReadonlySet<UserFeed>): void {
    const framed = this.#framer.frame(payload)
    for (const feed of feeds) this.#hand(framed, feed)
  }

  #hand(framed: FramedBatch, feed: UserFeed): void {
    if (framed.frame.length > 0) return feed.take(framed)
    // A sequencer took over: what its predecessor stored last may not have been published.
    const from = this.#framer.position()
    for (const subscription of feed.subscriptions) subscription.resync(from)
  }

  /** A conversation may just have become large, or the user a member of one: from now on it is followed, and what came in between is read from the store. */
  #followChanged({ batch }: FramedBatch, feed: UserFeed): void {
    if (feed.followed?.has(batch.conversationId)) return
    this.#follow(batch.conversationId, feed).catch((error: unknown) => {
      this.#deps.logger.warn(
        { err: error, conversation_id: batch.conversationId },
        'could not follow a conversation; its streams start over',
      )
      for (const subscription of feed.subscriptions)
        subscription.end(new ChatError('ENGINE_UNAVAILABLE', 'The stream lost its place. Subscribe again with the last cursor.'))
    })
  }

  async #follow(conversationId: string, feed: UserFeed): Promise<void> {
    const key = { tenantId: feed.tenantId, conversationId }
    const [before] = await this.#deps.store.heads([key])
    if (before === undefined || before.memberCount <= LARGE_CONVERSATION) return
    await this.#large.follow(conversationId, feed)
    const [head] = await this.#deps.store.heads([key])
    const nothing = create(LiveBatchSchema, { ...key, firstRevision: head!.revision + 1n, lastRevision: head!.revision })
    for (const subscription of feed.subscriptions) subscription.take({ batch: nothing, frame: new Uint8Array() })
  }

  /** Grows with the number of the user's conversations. */
  async #followLarge(feed: UserFeed): Promise<void> {
    let before: { readonly activeAt: bigint; readonly conversationId: string } | undefined
    for (;;) {
      const page = await this.#deps.store.inbox(feed.tenantId, feed.userId, before, INBOX_PAGE)
      const large = page.filter(({ head }) => head.memberCount > LARGE_CONVERSATION)
      await Promise.all(large.map(({ head }) => this.#large.follow(head.conversationId, feed)))
      if (page.length < INBOX_PAGE) return
      before = page.at(-1)!.head
    }
  }

  #resyncAll(): void {
    const from = this.#framer.position()
    this.#framer.release()
    this.#forEach((subscription) => subscription.resync(from))
  }

  /** Streams come back elsewhere. */
  #turn(cutOff: boolean): void {
    this.#deps.onReadiness(!cutOff)
    if (cutOff) this.#forEach((subscription) => subscription.end(cutOffError()))
  }

  #sweep(): void {
    const now = this.#deps.clock.now()
    this.#forEach((subscription) => {
      if (subscription.principal.expiresAt <= now)
        subscription.end(new ChatError('TOKEN_INVALID', 'The token has expired. Subscribe again with a new one and the last cursor.'))
    })
  }

  /** Also those that an API client opened for the user. */
  #endDeactivated(tenantId: string, userId: string): void {
    const entry = this.#feeds.get(feedKey(tenantId, userId))
    if (entry === undefined) return
    for (const subscription of entry.feed.subscriptions)
      subscription.end(new ChatError('USER_DEACTIVATED', 'The user is deactivated.', { metadata: { user_id: userId } }))
  }

  #endIfRevoked(principal: Principal, subscription: Subscription): void {
    if (this.#deps.revocations.isRevoked(principal)) subscription.end(new ChatError('TOKEN_INVALID', 'The token was revoked.'))
  }

  /** One heartbeat frame for all. */
  #beat(): void {
    const response = create(SubscribeResponseSchema, { heartbeat: true, cursor: this.#framer.cursor() })
    const frame = toBinary(SubscribeResponseSchema, response)
    this.#forEach((subscription) => subscription.beat(frame))
  }

  #forEach(visit: (subscription: Subscription) => void): void {
    for (const { feed } of this.#feeds.values()) for (const subscription of feed.subscriptions) visit(subscription)
  }
}

function feedKey(tenantId: string, userId: string): string {
  return `${tenantId}/${userId}`
}
