import { ChatError } from '@chat4all/base'
import { ConversationType } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { Conflict, type ConversationChange, type ConversationRow, type MemberRow } from '@chat4all/ports'
import type { Principal } from '@chat4all/rpc'
import { allMembers, findConversation } from './conversation-lookup.ts'
import type { HandlerDeps } from './deps.ts'
import { type Actor, actorAmong } from './domain/roles.ts'
import { type Changed, outboxEntry } from './records.ts'

/** Other processes may change the same conversation: so often a decision is made afresh before the caller is asked to repeat. */
const ATTEMPTS = 5

/** What a change is asked of. */
export interface Target {
  readonly caller: Principal
  readonly conversationId: string
  /** The user who does it. Absent: the API client itself. */
  readonly from: string | undefined
}

/** The state that a decision is based on. */
export interface Snapshot {
  readonly conversation: ConversationRow
  readonly members: readonly MemberRow[]
  readonly actor: Actor
  /** Milliseconds since 1970. */
  readonly at: number
}

/** What shall change, and what the log is told of it. */
export interface Decision extends Partial<Pick<ConversationChange, 'title' | 'metadata' | 'putMembers' | 'removeMembers' | 'createUsers'>> {
  readonly changed: Changed
}

/** The outcome of a decision. */
export interface Outcome<D> {
  /** As it is now. */
  readonly conversation: ConversationRow
  /** Undefined: nothing was to change. */
  readonly decision: D | undefined
  /** What it was based on. */
  readonly snapshot: Snapshot
}

export type Decide<D> = (snapshot: Snapshot) => Promise<D | undefined> | D | undefined

/** Decides on a change of a conversation and commits it. When it resolves, the log has it.
 *  Throws CONVERSATION_NOT_FOUND, NOT_A_MEMBER, CONFLICT, and what `decide` throws. */
export async function changeConversation<D extends Decision>(deps: HandlerDeps, target: Target, decide: Decide<D>): Promise<Outcome<D>> {
  const outcome = await commitDecision(deps, target, decide)
  await deps.relay.flush(outcome.conversation.conversationId)
  return outcome
}

/** The same for a change of the members. When it resolves, also every gateway knows: nothing is accepted from, or shown to, those `removed`.
 *  Gateways are told even when nothing was to change, because an earlier call may have failed before it told them. */
export async function changeMembers<D extends Decision>(
  deps: HandlerDeps,
  target: Target,
  named: { readonly added?: readonly string[]; readonly removed?: readonly string[] },
  decide: Decide<D>,
): Promise<Outcome<D>> {
  const outcome = await commitDecision(deps, target, decide)
  const { tenantId, conversationId } = outcome.conversation
  try {
    await deps.relay.flush(conversationId)
  } finally {
    const value = { conversationId, added: [...(named.added ?? [])], removed: [...(named.removed ?? [])] }
    await deps.invalidations.invalidate(tenantId, { case: 'membership', value })
  }
  return outcome
}

function commitDecision<D extends Decision>(deps: HandlerDeps, target: Target, decide: Decide<D>): Promise<Outcome<D>> {
  return deps.changes.run(target.conversationId, () => commitWithRetries(deps, target, decide))
}

/** A decision that lost a race is made afresh. */
async function commitWithRetries<D extends Decision>(deps: HandlerDeps, target: Target, decide: Decide<D>): Promise<Outcome<D>> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const timeMicros = deps.micros()
    const snapshot = await takeSnapshot(deps, target, Number(timeMicros / 1000n))
    const decision = await decide(snapshot)
    const conversation = decision ? await commit(deps, snapshot, decision, timeMicros) : snapshot.conversation
    if (conversation) return { conversation, decision, snapshot }
  }
  throw new ChatError('CONFLICT', 'Others keep changing the conversation. Repeat the call.')
}

/** Members read after the row can only be newer than it: a change that comes in between makes the commit fail. */
async function takeSnapshot(deps: HandlerDeps, { caller, conversationId, from }: Target, at: number): Promise<Snapshot> {
  const conversation = await findConversation(deps.directory, caller.tenantId, conversationId)
  const members = await allMembers(deps.directory, conversation)
  return { conversation, members, actor: actorAmong(members, from, conversationId), at }
}

/** Undefined when another change came first. */
async function commit(deps: HandlerDeps, snapshot: Snapshot, decision: Decision, timeMicros: bigint): Promise<ConversationRow | undefined> {
  const { tenantId, conversationId, version } = snapshot.conversation
  const { changed, ...change } = decision
  try {
    return await deps.directory.changeConversation({
      putMembers: [],
      removeMembers: [],
      createUsers: [],
      ...change,
      tenantId,
      conversationId,
      expectedVersion: version,
      updatedAt: snapshot.at,
      outbox: [outboxEntry(snapshot.conversation, changed, timeMicros)],
    })
  } catch (error) {
    if (error instanceof Conflict) return undefined
    throw error
  }
}

/** Throws CONVERSATION_IS_PRIVATE. */
export function requireGroup({ conversation }: Snapshot): void {
  if (conversation.type !== ConversationType.PRIVATE) return
  throw new ChatError('CONVERSATION_IS_PRIVATE', 'The conversation is private: its members, roles and title are fixed.')
}
