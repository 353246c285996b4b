import type { Event } from '@chat4all/gen/chat4all/v1/event_pb.js'
import type { SyncService } from '@chat4all/gen/chat4all/v1/sync_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import { actingUser } from '../access/acting-user.ts'
import { eventOfChange } from '../mapping.ts'
import { type CatchUpDeps, catchUp, cursorOfNow } from '../sync/catch-up.ts'
import { type Cursor, decodeCursor, encodeCursor } from '../sync/cursor.ts'
import { type SubscribeDeps, subscribe } from './subscribe.ts'
import { untilNews } from './until-news.ts'

type Methods = typeof SyncService.method

export function listChanges({ store, conversations }: CatchUpDeps): UnaryHandler<Methods['listChanges']> {
  return async ({ conversationId: id, afterRevision, pageSize }, { principal }) => {
    const conversationId = id.toLowerCase()
    await conversations.requireReadable(principal!, conversationId)
    const page = await store.changes({ tenantId: principal!.tenantId, conversationId }, afterRevision, pageSize || 100)
    if (page.expired) return { revision: page.revision, snapshot: { conversationId, revision: page.revision } }
    return { events: page.changes.map((change) => eventOfChange(conversationId, change)), revision: page.revision }
  }
}

export function syncChanges(deps: SubscribeDeps): UnaryHandler<Methods['syncChanges']> {
  const follow = subscribe(deps)
  return async ({ userId: named, cursor, pageSize, wait }, context) => {
    const principal = context.principal!
    const userId = actingUser(principal, named, 'user_id')
    if (cursor === '') return { cursor: encodeCursor(await cursorOfNow(deps)) }
    const changes = () => changesSince(deps, principal.tenantId, userId, decodeCursor(cursor), pageSize || 200)
    const now = await changes()
    if (wait === 0 || now.events.length + now.snapshots.length > 0) return now
    await untilNews(follow, { userId: named, cursor: now.cursor }, context, wait * 1000)
    return changes()
  }
}

/** One page. */
async function changesSince(deps: CatchUpDeps, tenantId: string, userId: string, from: Cursor, limit: number) {
  const events: Event[] = []
  const snapshots: { readonly conversationId: string; readonly revision: bigint }[] = []
  let at = from
  for await (const step of catchUp(deps, tenantId, userId, at, limit)) {
    if (events.length > 0 && events.length + step.events.length > limit) return { events, snapshots, cursor: encodeCursor(at), more: true }
    events.push(...step.events)
    snapshots.push(...step.snapshots)
    at = step.cursor
    if (events.length + snapshots.length >= limit) break
  }
  return { events, snapshots, cursor: encodeCursor(at), more: at.page !== undefined }
}

export function getRangeDigest({ store, conversations }: CatchUpDeps): UnaryHandler<Methods['getRangeDigest']> {
  return async ({ conversationId: id, fromSequence, toSequence }, { principal }) => {
    const conversationId = id.toLowerCase()
    await conversations.requireReadable(principal!, conversationId)
    const { count, checksum } = await store.digest({ tenantId: principal!.tenantId, conversationId }, fromSequence, toSequence)
    return { count, checksum: new Uint8Array(checksum) }
  }
}
