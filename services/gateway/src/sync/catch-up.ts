import { ChatError } from '@chat4all/base'
import type { Event } from '@chat4all/gen/chat4all/v1/event_pb.js'
import { type ChangedConversation, LARGE_CONVERSATION, type MessageStore, type Partition } from '@chat4all/ports'
import type { Conversations } from '../access/conversation-access.ts'
import { eventOfChange, receiptEvent } from '../mapping.ts'
import type { Cursor } from './cursor.ts'

/** Receipts carry the time of the server that took them. Looking back a little further than the cursor says makes small differences between servers harmless: receipts only rise, so hearing one again changes nothing. */
const RECEIPT_OVERLAP_MICROS = 5_000_000n
/** Changed conversations looked up at once. */
const CONVERSATIONS_PER_STEP = 100
const EVENTS_PER_READ = 200

/** One step of a catch-up. */
export interface CatchUpStep {
  readonly events: readonly Event[]
  readonly snapshots: readonly { readonly conversationId: string; readonly revision: bigint }[]
  /** Where the client stands after the events. */
  readonly cursor: Cursor
}

export interface CatchUpDeps {
  readonly store: MessageStore
  readonly conversations: Conversations
  readonly nowMicros: () => bigint
}

/** A cursor that stands at now. */
export async function cursorOfNow({ store, nowMicros }: CatchUpDeps): Promise<Cursor> {
  const receiptsSince = nowMicros()
  return { positions: await store.settled(), receiptsSince }
}

/** The revision up to which a conversation is known already, if it is. */
export type Known = (conversationId: string) => bigint | undefined

/** Everything that happened to a user's conversations after a cursor, or after what is known of them, and up to now, in steps of at most `limit` events: conversation by conversation, in the order of their ids. The last step's cursor has no page. */
export async function* catchUp(
  deps: CatchUpDeps,
  tenantId: string,
  userId: string,
  from: Cursor,
  limit: number,
  known: Known = () => undefined,
): AsyncGenerator<CatchUpStep> {
  const range = await openRange(deps, from)
  const done: Cursor = { positions: range.through, receiptsSince: range.receiptsThrough }
  let after = from.page === undefined ? '' : from.page.conversationId
  if (from.page !== undefined) yield* catchUpRest(deps, tenantId, userId, from, range, limit)
  for (;;) {
    const window = { after: from.positions, through: range.through, receiptsSince: from.receiptsSince - RECEIPT_OVERLAP_MICROS }
    const changed = await deps.store.changedConversations(tenantId, userId, window, after, CONVERSATIONS_PER_STEP)
    for (const conversation of changed) {
      const afterRevision = known(conversation.conversationId) ?? conversation.afterRevision
      yield* catchUpConversation(deps, tenantId, userId, { ...conversation, afterRevision }, pageCursor(from, range), limit)
    }
    const last = changed.at(-1)
    if (last === undefined || changed.length < CONVERSATIONS_PER_STEP) break
    after = last.conversationId
  }
  yield { events: [], snapshots: [], cursor: done }
}

interface Range {
  readonly through: ReadonlyMap<Partition, bigint>
  readonly receiptsThrough: bigint
}

async function openRange(deps: CatchUpDeps, from: Cursor): Promise<Range> {
  if (from.page !== undefined) return from.page
  const { positions, receiptsSince } = await cursorOfNow(deps)
  for (const [partition, position] of from.positions)
    if (position > (positions.get(partition) ?? 0n))
      throw new ChatError(
        'TOKEN_MISMATCH',
        'The cursor belongs to another history. Subscribe without one and read the conversations afresh.',
      )
  return { through: positions, receiptsThrough: receiptsSince }
}

/** The cursor up to a revision of a conversation, or after all of it. */
type At = (conversationId: string, revision?: bigint) => Cursor

function pageCursor(from: Cursor, { through, receiptsThrough }: Range): At {
  return (conversationId, revision) => ({
    positions: from.positions,
    receiptsSince: from.receiptsSince,
    page: { through, receiptsThrough, conversationId, ...(revision === undefined ? {} : { revision }) },
  })
}

/** The rest of the conversation in which a paged catch-up stopped. */
async function* catchUpRest(
  deps: CatchUpDeps,
  tenantId: string,
  userId: string,
  from: Cursor,
  range: Range,
  limit: number,
): AsyncGenerator<CatchUpStep> {
  const { conversationId, revision } = from.page!
  if (revision === undefined) return
  const window = { after: from.positions, through: range.through, receiptsSince: from.receiptsSince - RECEIPT_OVERLAP_MICROS }
  const [changed] = await deps.store.changedConversations(tenantId, userId, window, idBefore(conversationId), 1)
  if (changed?.conversationId !== conversationId) return
  yield* catchUpConversation(deps, tenantId, userId, { ...changed, afterRevision: revision }, pageCursor(from, range), limit)
}

async function* catchUpConversation(
  deps: CatchUpDeps,
  tenantId: string,
  userId: string,
  changed: ChangedConversation,
  at: At,
  limit: number,
): AsyncGenerator<CatchUpStep> {
  const { conversationId, throughRevision } = changed
  const key = { tenantId, conversationId }
  const members = (await deps.conversations.find(tenantId, conversationId))?.members
  const isMember = members?.has(userId) ?? false
  // Who is no longer a member is told that, and nothing else.
  let after = isMember && changed.leftRevision === undefined ? changed.afterRevision : (changed.leftRevision ?? throughRevision) - 1n
  const through = isMember && changed.leftRevision === undefined ? throughRevision : (changed.leftRevision ?? after)
  const receiptsFollow = changed.receiptsChanged && isMember
  while (after < through) {
    const page = await deps.store.changes(key, after, Math.min(limit, EVENTS_PER_READ))
    if (page.expired) {
      // A conversation that the user has left can't be read afresh.
      if (isMember)
        yield { events: [], snapshots: [{ conversationId, revision: page.revision }], cursor: at(conversationId, throughRevision) }
      break
    }
    const events = page.changes.filter(({ revision }) => revision <= through).map((change) => eventOfChange(conversationId, change))
    const last = events.at(-1)
    if (last === undefined) break
    after = last.revision
    yield { events, snapshots: [], cursor: after < through || receiptsFollow ? at(conversationId, after) : at(conversationId) }
  }
  if (receiptsFollow) {
    const everybody = members!.size <= LARGE_CONVERSATION
    const receipts = (await deps.store.receipts(key)).filter(
      (receipt) => receipt.deliveredThrough > 0n && (everybody || receipt.userId === userId),
    )
    yield {
      events: receipts.map((receipt) => receiptEvent(conversationId, receipt)),
      snapshots: [],
      cursor: at(conversationId),
    }
  }
}

/** The greatest text below a conversation id, so that "after" it begins with the id itself. */
function idBefore(conversationId: string): string {
  return `${conversationId.slice(0, -1)}${String.fromCharCode(conversationId.charCodeAt(conversationId.length - 1) - 1)}\uffff`
}
