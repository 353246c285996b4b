import type {
  ConversationKey,
  ConversationState,
  InboxEntry,
  InboxPosition,
  MemberState,
  MessageStore,
  ReceiptState,
} from '@chat4all/ports'
import type { CqlClient } from '../cql/client.ts'
import { type Conversation, HEAD_COLUMNS, type HeadColumns, toConversation, toHead } from './conversation.ts'
import { findMessages, type MessagePlace } from './messages.ts'

/** A member's row, present or not. */
export interface Member extends MemberState {
  /** 0: is a member. */
  readonly leftRevision: bigint
  readonly leftSequence: bigint
  readonly receipt: ReceiptState
}

interface MemberColumns {
  readonly user_id: string | null
  readonly role: number | null
  readonly joined_sequence: bigint
  readonly left_revision: bigint
  readonly left_sequence: bigint
  readonly delivered_through: bigint | null
  readonly delivered_at: bigint | null
  readonly read_through: bigint | null
  readonly read_at: bigint | null
}

const COLUMNS = `${HEAD_COLUMNS}, user_id, role, joined_sequence, left_revision, left_sequence,
  delivered_through, delivered_at, read_through, read_at`
const SELECT_ALL = `SELECT ${COLUMNS} FROM conversations WHERE tenant_id = ? AND conversation_id = ?`
const SELECT_ONE = `${SELECT_ALL} AND user_id = ?`
const SELECT_OF_USER = `SELECT conversation_id AS "conversationId", log_partition AS "partition", left_position AS "leftPosition"
  FROM user_conversations WHERE tenant_id = ? AND user_id = ? AND conversation_id > ?`

/** A conversation in the list of a user who is or was a member. The list may be ahead of the heads: they say whether it is so. */
export interface ListedConversation {
  readonly conversationId: string
  readonly partition: number
  /** Log position at which the user left, or 0. */
  readonly leftPosition: bigint
}

/** A user's list after a conversation id, in the order of ids. */
export function listOfUser(cql: CqlClient, tenantId: string, userId: string, after: string): Promise<ListedConversation[]> {
  return cql.rows<ListedConversation>(SELECT_OF_USER, [tenantId, userId, after])
}

/** A conversation with everyone who is or was a member, by user id. */
export async function findWithMembers(
  cql: CqlClient,
  key: ConversationKey,
): Promise<{ readonly conversation: Conversation; readonly members: readonly Member[] } | undefined> {
  const rows = await cql.rows<HeadColumns & MemberColumns>(SELECT_ALL, [key.tenantId, key.conversationId])
  const conversation = toConversation(key, rows[0])
  return conversation && { conversation, members: rows.flatMap((row) => toMember(row) ?? []) }
}

/** A conversation with one user who is or was a member; undefined for anybody else. */
export async function findWithMember(
  cql: CqlClient,
  key: ConversationKey,
  userId: string,
): Promise<{ readonly conversation: Conversation; readonly member: Member } | undefined> {
  const row = await cql.row<HeadColumns & MemberColumns>(SELECT_ONE, [key.tenantId, key.conversationId, userId])
  const conversation = toConversation(key, row)
  const member = row && toMember(row)
  return conversation && member && { conversation, member }
}

export const isPresent = ({ leftRevision }: Member): boolean => leftRevision === 0n

export function createMemberReads(cql: CqlClient) {
  const inboxEntry = async (key: ConversationKey, userId: string): Promise<InboxEntry | undefined> => {
    const found = await findWithMember(cql, key, userId)
    if (!found || !isPresent(found.member)) return undefined
    const { role, joinedSequence, receipt } = found.member
    return { head: toHead(found.conversation), role, joinedSequence, receipt }
  }

  return {
    inboxEntry,

    async load(...[keys, messageIds]: Parameters<MessageStore['load']>): ReturnType<MessageStore['load']> {
      const [states, places] = await Promise.all([Promise.all(keys.map((key) => loadState(cql, key))), findHolders(cql, messageIds)])
      return { states, holders: places.map((place) => place && { partition: place.log_partition, position: place.position }) }
    },

    async members(key: ConversationKey): Promise<readonly MemberState[]> {
      return (await loadState(cql, key))?.members ?? []
    },

    /** Reads all conversations of the user: the order of activity changes with every message, and a list of it would be rewritten for every member. */
    async inbox(tenantId: string, userId: string, before: InboxPosition | undefined, limit: number): Promise<InboxEntry[]> {
      const list = await listOfUser(cql, tenantId, userId, '')
      const present = list.filter(({ leftPosition }) => leftPosition === 0n)
      const entries = await Promise.all(present.map(({ conversationId }) => inboxEntry({ tenantId, conversationId }, userId)))
      return entries
        .filter((entry) => entry !== undefined)
        .filter(({ head }) => before === undefined || newestFirst(before, head) < 0)
        .sort((a, b) => newestFirst(a.head, b.head))
        .slice(0, limit)
    },
  }
}

/** By tenant: its id is part of the key. */
async function findHolders(
  cql: CqlClient,
  ids: readonly { readonly tenantId: string; readonly messageId: string }[],
): Promise<readonly (MessagePlace | undefined)[]> {
  const idsOf = Map.groupBy(ids, ({ tenantId }) => tenantId)
  const find = async ([tenantId, some]: readonly [string, typeof ids]) => {
    const messageIds = some.map(({ messageId }) => messageId)
    return [tenantId, await findMessages(cql, tenantId, messageIds)] as const
  }
  const found = new Map(await Promise.all([...idsOf].map(find)))
  return ids.map(({ tenantId, messageId }) => found.get(tenantId)!.get(messageId))
}

async function loadState(cql: CqlClient, key: ConversationKey): Promise<ConversationState | undefined> {
  const found = await findWithMembers(cql, key)
  if (!found) return undefined
  const members = found.members.filter(isPresent).map(({ userId, role, joinedSequence }) => ({ userId, role, joinedSequence }))
  return { head: toHead(found.conversation), members }
}

function newestFirst(a: InboxPosition, b: InboxPosition): number {
  if (a.activeAt !== b.activeAt) return a.activeAt > b.activeAt ? -1 : 1
  if (a.conversationId === b.conversationId) return 0
  return a.conversationId > b.conversationId ? -1 : 1
}

function toMember(row: MemberColumns): Member | undefined {
  if (row.user_id === null || row.role === null) return undefined
  const { user_id: userId, role, joined_sequence: joinedSequence, left_revision: leftRevision, left_sequence: leftSequence } = row
  const receipt = {
    userId,
    deliveredThrough: row.delivered_through ?? 0n,
    deliveredAt: row.delivered_at ?? 0n,
    readThrough: row.read_through ?? 0n,
    readAt: row.read_at ?? 0n,
  }
  return { userId, role, joinedSequence, leftRevision, leftSequence, receipt }
}
