import { ChatError, fnv1a32, newId } from '@chat4all/base'
import { ConversationType } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { AlreadyExists, type ConversationRow, type MemberRow } from '@chat4all/ports'
import { admitUsers } from './admit-users.ts'
import { findConversation } from './conversation-lookup.ts'
import type { HandlerDeps } from './deps.ts'
import { type ConversationPlan, firstMembers, privatePair } from './domain/creation.ts'
import { toMember } from './mapping.ts'
import { outboxEntry } from './records.ts'

/** What to open, for whom. */
export interface Opening {
  readonly tenantId: string
  readonly plan: ConversationPlan
  /** Whether unknown users are created. */
  readonly mayCreateUsers: boolean
  /** Makes repeating safe. */
  readonly request?: { readonly requestKey: string; readonly fingerprint: string }
}

export interface Opened {
  readonly conversation: ConversationRow
  readonly created: boolean
}

/** Creates a conversation, or finds the one that an equal call or the same pair of users has. When it resolves, the log has it.
 *  A request id that found a private conversation, instead of creating it, stays free. */
export async function openConversation(deps: HandlerDeps, opening: Opening): Promise<Opened> {
  const timeMicros = deps.micros()
  const members = firstMembers(opening.plan, Number(timeMicros / 1000n))
  const pair = opening.plan.type === ConversationType.PRIVATE ? privatePair(members[0]!.userId, members[1]!.userId) : undefined
  const first = await findFirst(deps, opening, pair)
  const opened = first ? { conversation: first, created: false } : await create(deps, opening, members, pair, timeMicros)
  await deps.relay.flush(opened.conversation.conversationId)
  return opened
}

/** What an equal call, or an earlier one for the same pair, created. */
async function findFirst({ directory }: HandlerDeps, opening: Opening, pair: string | undefined): Promise<ConversationRow | undefined> {
  const { tenantId, request } = opening
  const answered = request && (await directory.request(tenantId, request.requestKey))
  if (!answered) return pair === undefined ? undefined : directory.privateConversation(tenantId, pair)
  if (answered.fingerprint === request.fingerprint) return findConversation(directory, tenantId, answered.conversationId)
  throw new ChatError('IDEMPOTENCY_KEY_REUSED', 'The request_id was used before for something else.')
}

async function create(
  deps: HandlerDeps,
  opening: Opening,
  members: readonly MemberRow[],
  pair: string | undefined,
  timeMicros: bigint,
): Promise<Opened> {
  const { tenantId, request, mayCreateUsers } = opening
  const userIds = members.map((member) => member.userId)
  const createUsers = await admitUsers(deps.directory, tenantId, userIds, mayCreateUsers)
  const conversation = newConversation(opening, members, pair, deps.log.partitions)
  const outbox = [outboxEntry(conversation, { case: 'created', value: creation(opening.plan, members) }, timeMicros)]
  const { conversationId } = conversation
  try {
    const extra = { createUsers, outbox, ...(request ? { request: { ...request, tenantId, conversationId } } : {}) }
    await deps.directory.createConversation(conversation, members, extra)
    return { conversation, created: true }
  } catch (error) {
    // Somebody was faster with the same pair or request id: theirs is the one.
    const first = error instanceof AlreadyExists ? await findFirst(deps, opening, pair) : undefined
    if (!first) throw error
    return { conversation: first, created: false }
  }
}

function newConversation(opening: Opening, members: readonly MemberRow[], pair: string | undefined, partitions: number): ConversationRow {
  const conversationId = newId()
  const at = members[0]!.joinedAt
  return {
    tenantId: opening.tenantId,
    conversationId,
    type: opening.plan.type,
    title: opening.plan.title,
    metadata: opening.plan.metadata,
    partition: fnv1a32(conversationId) % partitions,
    ...(pair === undefined ? {} : { privatePair: pair }),
    memberCount: members.length,
    memberVersion: 1n,
    version: 1n,
    createdAt: at,
    updatedAt: at,
  }
}

function creation(plan: ConversationPlan, members: readonly MemberRow[]) {
  return {
    type: plan.type,
    title: plan.title,
    metadata: { ...plan.metadata },
    members: members.map(toMember),
    createdBy: plan.creator ?? '',
  }
}
