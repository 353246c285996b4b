import { create, toBinary } from '@bufbuild/protobuf'
import type { ConversationChange } from '@chat4all/gen/chat4all/internal/v1/log_record_pb.js'
import type { Member } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { type Event, EventSchema } from '@chat4all/gen/chat4all/v1/event_pb.js'
import type { MemberState } from '@chat4all/ports'
import { timestampFromMicros } from '../encode.ts'
import type { OrderedEvent, OrderingConversation } from './conversation.ts'

/** Takes a decision of the directory into the order of the conversation. */
export function changeConversation(conversation: OrderingConversation, change: ConversationChange, position: bigint, at: bigint): void {
  const kind = eventKind(change)
  if (kind === undefined) return conversation.advance({ position })
  const revision = conversation.nextRevision
  const ordered = { revision, position, event: encode(conversation, kind, revision, at) }
  conversation.rows.changes.push({ revision, position, at, event: ordered.event })
  conversation.events.push(ordered)
  conversation.advance({ revision, position, ...(change.kind.case === 'created' ? { activeAt: at } : {}) })
  changeMembers(conversation, change, ordered)
}

function eventKind({ kind }: ConversationChange): Event['kind'] | undefined {
  switch (kind.case) {
    case 'created':
      return { case: 'conversationCreated', value: kind.value }
    case 'updated':
      return { case: 'conversationUpdated', value: kind.value }
    case 'membersAdded':
    case 'membersRemoved':
    case 'memberRoleChanged':
      return kind
    case undefined:
      return undefined
  }
}

function encode(conversation: OrderingConversation, kind: Event['kind'], revision: bigint, at: bigint): Uint8Array {
  const conversationId = conversation.key.conversationId
  return toBinary(EventSchema, create(EventSchema, { conversationId, revision, time: timestampFromMicros(at), kind }))
}

function changeMembers(conversation: OrderingConversation, { kind }: ConversationChange, ordered: OrderedEvent): void {
  switch (kind.case) {
    case 'created':
    case 'membersAdded':
      return putMembers(conversation, kind.value.members)
    case 'memberRoleChanged':
      return putMembers(conversation, kind.value.member === undefined ? [] : [kind.value.member])
    case 'membersRemoved':
      return removeMembers(conversation, kind.value.userIds, ordered)
  }
}

function putMembers(conversation: OrderingConversation, members: readonly Member[]): void {
  const after = new Map(conversation.members)
  for (const { userId, role } of members) {
    const joinedSequence = after.get(userId)?.joinedSequence ?? conversation.head.sequence
    const state: MemberState = { userId, role, joinedSequence }
    after.set(userId, state)
    conversation.rows.members.push(state)
  }
  conversation.setMembers(after)
}

function removeMembers(conversation: OrderingConversation, userIds: readonly string[], ordered: OrderedEvent): void {
  const after = new Map(conversation.members)
  for (const userId of userIds) {
    const member = after.get(userId)
    if (member === undefined) continue
    after.delete(userId)
    conversation.rows.members.push({ ...member, leftRevision: ordered.revision })
  }
  conversation.setMembers(after)
  conversation.farewells.push({ userIds, event: ordered })
}
