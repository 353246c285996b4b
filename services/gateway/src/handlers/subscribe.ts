import { ChatError } from '@chat4all/base'
import type { LiveService } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import type { ConversationKey } from '@chat4all/ports'
import type { ServerStreamHandler } from '@chat4all/rpc'
import { actingUser } from '../access/acting-user.ts'
import type { Users } from '../access/users.ts'
import type { LiveHub } from '../live/hub.ts'
import { Subscription } from '../live/subscription.ts'
import { eventOfChange } from '../mapping.ts'
import { type CatchUpDeps, catchUp, cursorOfNow } from '../sync/catch-up.ts'
import { type Cursor, decodeCursor, encodeCursor } from '../sync/cursor.ts'

const GAP_PAGE = 200
const CATCH_UP_EVENTS = 200

export interface SubscribeDeps extends CatchUpDeps {
  readonly users: Users
  readonly hub: LiveHub
  readonly heartbeatSeconds: number
  readonly subscriberQueueBytes: number
}

export function subscribe(deps: SubscribeDeps): ServerStreamHandler<typeof LiveService.method.subscribe> {
  const limits = {
    maxQueueBytes: deps.subscriberQueueBytes,
    fillGap: async (key: ConversationKey, after: bigint) => {
      const page = await deps.store.changes(key, after, GAP_PAGE)
      return page.changes.map((change) => eventOfChange(key.conversationId, change))
    },
    catchUp: (subscription: Subscription, from: Cursor) =>
      void goLive(deps, subscription, from).catch((cause) => subscription.end(lost(cause))),
  }
  return async (request, context, out) => {
    const caller = context.principal!
    const userId = actingUser(caller, request.userId, 'user_id')
    await deps.users.requireActive(caller.tenantId, userId)
    deps.hub.requireBus()
    const from = request.cursor === '' ? undefined : decodeCursor(request.cursor)
    const subscription = new Subscription(caller, userId, out, limits)
    const done = subscription.done()
    // The stream may end before anybody waits for it.
    done.catch(() => {})
    context.onAbort(() => subscription.end())
    try {
      await subscription.send({ ready: { userId, heartbeatSeconds: deps.heartbeatSeconds } })
      await deps.hub.add(subscription)
      // Who was deactivated while the stream was being added was not found among the streams.
      await deps.users.requireActive(caller.tenantId, userId)
      await Promise.race([done, goLive(deps, subscription, from)])
      await done
    } finally {
      deps.hub.remove(subscription)
    }
  }
}

function lost(cause: unknown): ChatError {
  return new ChatError('ENGINE_UNAVAILABLE', 'The stream lost its place. Subscribe again with the last cursor.', { cause })
}

/** Sends what was missed, then lets live events through. What arrives in the meantime waits in the subscription. */
export async function goLive(deps: CatchUpDeps, subscription: Subscription, from: Cursor | undefined): Promise<void> {
  let cursor = from ?? (await cursorOfNow(deps))
  // A cursor from the middle of a catch-up first finishes that one, which ends where things stood then.
  for (let missed = from; missed !== undefined; missed = missed.page === undefined ? undefined : cursor)
    cursor = await sendMissed(deps, subscription, missed)
  await subscription.send({ caughtUp: true, cursor: encodeCursor(cursor) })
  subscription.goLive(cursor.positions)
}

/** Returns where the client stands afterwards. */
async function sendMissed(deps: CatchUpDeps, subscription: Subscription, from: Cursor): Promise<Cursor> {
  let reached = from
  const { principal, userId } = subscription
  const known = (conversationId: string) => subscription.revisionOf(conversationId)
  for await (const { events, snapshots, cursor } of catchUp(deps, principal.tenantId, userId, from, CATCH_UP_EVENTS, known)) {
    reached = cursor
    const missed = subscription.unseen(events)
    if (missed.length > 0 || snapshots.length > 0)
      await subscription.send({ events: missed, snapshots: [...snapshots], cursor: encodeCursor(cursor) })
  }
  return reached
}
