import { fromBinary } from '@bufbuild/protobuf'
import { ChatError, shownReactions } from '@chat4all/base'
import { type Message, MessageSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import type { MessageStore, StoredMessage } from '@chat4all/ports'
import type { Principal } from '@chat4all/rpc'
import type { ConversationAccess, Conversations } from './access/conversation-access.ts'
import type { Ordered } from './ordered.ts'
import { isFreshId } from './send/fresh-id.ts'

/** A message that the caller may see, and who else may. */
export interface ReadableMessage {
  readonly stored: StoredMessage
  readonly message: Message
  readonly access: ConversationAccess
}

/** Finds single messages. */
export class MessageReader {
  readonly #store: MessageStore
  readonly #conversations: Conversations
  readonly #ordered: Ordered

  constructor(store: MessageStore, conversations: Conversations, ordered: Ordered) {
    this.#store = store
    this.#conversations = conversations
    this.#ordered = ordered
  }

  stored(tenantId: string, messageId: string): Promise<StoredMessage | undefined> {
    return this.#store.message(tenantId, messageId)
  }

  /** As `stored`, but a new id may still be on its way from the log to the store: then it waits for what is there now. */
  async find(tenantId: string, messageId: string): Promise<StoredMessage | undefined> {
    const found = await this.stored(tenantId, messageId)
    if (found !== undefined || !isFreshId(messageId, Date.now())) return found
    await this.#ordered.untilAllEnds()
    return this.stored(tenantId, messageId)
  }

  /** A message that the caller may see. Throws MESSAGE_NOT_FOUND or NOT_A_MEMBER. */
  async require({ tenantId }: Principal, id: string, userId: string | undefined): Promise<ReadableMessage> {
    const messageId = id.toLowerCase()
    const stored = await this.find(tenantId, messageId)
    if (stored === undefined) throw new ChatError('MESSAGE_NOT_FOUND', 'There is no such message.', { metadata: { message_id: messageId } })
    const access = await this.#conversations.require(tenantId, stored.conversationId, userId)
    return { stored, message: shownMessage(stored.data), access }
  }
}

/** A stored message as callers see it. */
export function shownMessage(data: Uint8Array): Message {
  const message = fromBinary(MessageSchema, data)
  message.reactions = shownReactions(message.reactions)
  return message
}
