import { fromBinary } from '@bufbuild/protobuf'
import { ChatError, MAX_REACTIONS } from '@chat4all/base'
import { MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { PayloadSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import type { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import type { MessageStore } from '@chat4all/ports'
import type { UnaryHandler } from '@chat4all/rpc'
import { actingUser, optionalActingUser } from '../access/acting-user.ts'
import { timestampFromMicros } from '../mapping.ts'
import type { MessageReader, ReadableMessage } from '../message-reader.ts'
import type { Changer } from '../send/changer.ts'
import { sendablePayload } from '../send/sent-message.ts'

type Methods = typeof MessageService.method

interface Deps {
  readonly reader: MessageReader
  readonly changer: Changer
  readonly store: MessageStore
}

export function getMessage({ reader }: Deps): UnaryHandler<Methods['getMessage']> {
  return async ({ messageId }, { principal }) => ({ message: (await reader.require(principal!, messageId, principal!.userId)).message })
}

export function editMessage({ reader, changer }: Deps): UnaryHandler<Methods['editMessage']> {
  return async ({ messageId, payload, from }, { principal }) => {
    const userId = actingUser(principal!, from, 'from')
    const content = sendablePayload(payload)
    const target = await reader.require(principal!, messageId, userId)
    if (target.message.from !== userId) throw new ChatError('NOT_THE_SENDER', 'Only its sender may edit a message.')
    requirePresent(target)
    return { message: await changer.change(target, { case: 'edit', value: { ...reference(target), payload: content } }) }
  }
}

export function deleteMessage({ reader, changer }: Deps): UnaryHandler<Methods['deleteMessage']> {
  return async ({ messageId, from }, { principal }) => {
    const userId = optionalActingUser(principal!, from)
    const target = await reader.require(principal!, messageId, userId)
    const role = userId === undefined ? MemberRole.OWNER : (target.access.members.get(userId) ?? MemberRole.MEMBER)
    if (target.message.from !== userId && role < MemberRole.ADMIN)
      throw new ChatError('NOT_THE_SENDER', 'Only its sender, an admin or an owner may delete a message.')
    if (target.message.deleteTime !== undefined) return { message: target.message }
    return { message: await changer.change(target, { case: 'delete', value: { ...reference(target), deletedBy: userId ?? '' } }) }
  }
}

export function addReaction({ reader, changer }: Deps): UnaryHandler<Methods['addReaction']> {
  return async ({ messageId, emoji, from }, { principal }) => {
    const userId = actingUser(principal!, from, 'from')
    const target = await reader.require(principal!, messageId, userId)
    requirePresent(target)
    const { reactions } = target.message
    if (reactions.length >= MAX_REACTIONS && !reactions.some((reaction) => reaction.emoji === emoji))
      throw new ChatError('TOO_MANY_REACTIONS', `A message can carry at most ${MAX_REACTIONS} distinct reactions.`, {
        metadata: { limit: `${MAX_REACTIONS}` },
      })
    return { message: await changer.change(target, { case: 'reaction', value: { ...reference(target), userId, emoji, active: true } }) }
  }
}

export function removeReaction({ reader, changer }: Deps): UnaryHandler<Methods['removeReaction']> {
  return async ({ messageId, emoji, from }, { principal }) => {
    const userId = actingUser(principal!, from, 'from')
    const target = await reader.require(principal!, messageId, userId)
    return { message: await changer.change(target, { case: 'reaction', value: { ...reference(target), userId, emoji, active: false } }) }
  }
}

export function listMessageEdits({ reader, store }: Deps): UnaryHandler<Methods['listMessageEdits']> {
  return async ({ messageId }, { principal }) => {
    const { stored } = await reader.require(principal!, messageId, principal!.userId)
    const rows = await store.edits(stored, stored.sequence)
    return {
      edits: rows.map(({ revision, replacedAt, data }) => ({
        revision,
        payload: fromBinary(PayloadSchema, data),
        replaceTime: timestampFromMicros(replacedAt),
      })),
    }
  }
}

function requirePresent({ message }: ReadableMessage): void {
  if (message.deleteTime !== undefined)
    throw new ChatError('MESSAGE_DELETED', 'The message was deleted.', { metadata: { message_id: message.messageId } })
}

function reference({ stored }: ReadableMessage): { readonly messageId: string; readonly sequence: bigint } {
  return { messageId: stored.messageId, sequence: stored.sequence }
}
