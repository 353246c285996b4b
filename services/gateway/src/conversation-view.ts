import { create } from '@bufbuild/protobuf'
import { type Conversation, ConversationViewSchema } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import type { ConversationKey, InboxEntry, MessageStore } from '@chat4all/ports'
import { shownMessage } from './message-reader.ts'

/** Unread messages are counted up to here: an exact number beyond it would cost without telling more. */
const UNREAD_LIMIT = 1_000

/** Adds to the directory's conversation what the message store knows: its head, its last message, and how it stands for one user. */
export class ConversationViews {
  readonly #store: MessageStore

  constructor(store: MessageStore) {
    this.#store = store
  }

  async complete(tenantId: string, conversation: Conversation, userId: string | undefined): Promise<Conversation> {
    const key = { tenantId, conversationId: conversation.conversationId }
    const [[head], [last], entry] = await Promise.all([
      this.#store.heads([key]),
      this.#store.messages(key, { before: 0n }, 1),
      userId === undefined ? undefined : this.#store.inboxEntry(key, userId),
    ])
    if (head !== undefined) Object.assign(conversation, { lastSequence: head.sequence, revision: head.revision })
    if (last !== undefined) conversation.lastMessage = shownMessage(last.data)
    if (entry !== undefined) conversation.view = await this.#view(key, entry)
    return conversation
  }

  async #view(key: ConversationKey, { receipt, joinedSequence, role }: InboxEntry) {
    const { userId, deliveredThrough, readThrough } = receipt
    const after = readThrough > joinedSequence ? readThrough : joinedSequence
    const unread = await this.#store.unread(key, userId, after, UNREAD_LIMIT)
    return create(ConversationViewSchema, {
      userId,
      unreadCount: BigInt(unread.count),
      firstUnread: unread.first,
      deliveredThrough,
      readThrough,
      role,
    })
  }
}
