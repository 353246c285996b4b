import { type ChatClient, type Conversation, ConversationType } from '@chat4all/sdk'

/** What to call a conversation: a group by its title, a private one by the other user. */
export interface ConversationName {
  readonly name: string
  readonly isPrivate: boolean
}

/** Finds out what conversations are called. */
export class ConversationNames {
  readonly #chat: ChatClient
  readonly #userId: string
  readonly #names = new Map<string, Promise<ConversationName>>()

  constructor(chat: ChatClient, userId: string) {
    this.#chat = chat
    this.#userId = userId
  }

  /** Asks the server once per conversation. */
  of(conversationId: string): Promise<ConversationName> {
    const name = this.#names.get(conversationId) ?? this.#lookUp(conversationId)
    this.#names.set(conversationId, name)
    return name
  }

  ofConversation(conversation: Conversation): Promise<ConversationName> {
    const name = this.#names.get(conversation.conversationId) ?? this.#name(conversation)
    this.#names.set(conversation.conversationId, name)
    return name
  }

  forget(conversationId: string): void {
    this.#names.delete(conversationId)
  }

  rename(conversationId: string, title: string): void {
    this.#names.set(conversationId, Promise.resolve(groupName(conversationId, title)))
  }

  async #lookUp(conversationId: string): Promise<ConversationName> {
    try {
      const { conversation } = await this.#chat.api.conversations.getConversation({ conversationId })
      return await this.#name(conversation!)
    } catch {
      // Removed in the meantime, for example: the name is only decoration.
      return groupName(conversationId)
    }
  }

  async #name({ conversationId, type, title }: Conversation): Promise<ConversationName> {
    if (type !== ConversationType.PRIVATE) return groupName(conversationId, title)
    const { members } = await this.#chat.api.conversations.listMembers({ conversationId })
    const other = members.find(({ userId }) => userId !== this.#userId)
    return { name: other?.userId ?? shortId(conversationId), isPrivate: true }
  }
}

const groupName = (conversationId: string, title = ''): ConversationName => ({ name: title || shortId(conversationId), isPrivate: false })

/** The end of an id: its start is a time, alike in all that were made together. */
const shortId = (id: string): string => `…${id.slice(-6)}`
