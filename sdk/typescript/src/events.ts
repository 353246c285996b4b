import { timestampDate } from '@bufbuild/protobuf/wkt'
import type { Event } from '#gen/chat4all/v1/event_pb.js'
import type { SnapshotInstruction } from '#gen/chat4all/v1/sync_service_pb.js'
import type { ChatError } from './errors.ts'

type Named<K> = K extends { case: infer C extends string; value: infer V } ? { readonly kind: C; readonly value: V } : never

/**
 * Something that happened in a conversation: `kind` says what, `value` holds it. One kind per field of the oneof of
 * `chat4all.v1.Event`: `messageCreated` and `messageUpdated` (a Message), `conversationCreated`, `conversationUpdated`,
 * `membersAdded`, `membersRemoved`, `memberRoleChanged`, `receipt`.
 */
export type ConversationEvent = Named<Event['kind']> & {
  readonly conversationId: string
  /** The number of the durable change, from 1 without gaps. 0 for receipts. */
  readonly revision: bigint
  readonly time: Date
}

/** What the app holds of this conversation is older than the server's change log: drop it and read the conversation again. Changes after `revision` follow. */
export interface SnapshotEvent {
  readonly kind: 'snapshot'
  readonly conversationId: string
  readonly revision: bigint
}

/** What a change feed yields. */
export type ChangeEvent = ConversationEvent | SnapshotEvent

/** What a live subscription yields. */
export type LiveEvent =
  | ChangeEvent
  /** The stream is open: nothing after the cursor will be missed. */
  | { readonly kind: 'connected'; readonly userId: string }
  /** Everything missed since the cursor has come: live from here. */
  | { readonly kind: 'caughtUp' }
  /** The stream broke. It opens again after `retryInMs`, and nothing is missed. */
  | { readonly kind: 'disconnected'; readonly error: ChatError; readonly retryInMs: number }

/** Undefined for a kind that this version of the SDK does not know. */
export function toConversationEvent({ conversationId, revision, time, kind }: Event): ConversationEvent | undefined {
  if (kind.case === undefined) return undefined
  const when = time ? timestampDate(time) : new Date(0)
  return { kind: kind.case, value: kind.value, conversationId, revision, time: when } as ConversationEvent
}

export function toSnapshotEvent({ conversationId, revision }: SnapshotInstruction): SnapshotEvent {
  return { kind: 'snapshot', conversationId, revision }
}
