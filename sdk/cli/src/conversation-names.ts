import { type ChatClient, type Conversation, ConversationType } from '@chat4all/sdk'

/** What to call a conversation: a group by its title, a private one by the other user. */
export class ConversationNames {
  readonly #chat: ChatClient
  readonly #userId: string
  readonly #names = new Map<string, Promise<string>>()

  constructor(chat: ChatClient, userId: string) {
    this.#chat = chat
    this.#userId = userId
  }

  /** Asks the server once per conversation. */
  of(conversationId: string): Promise<string> {
    const name = this.#names.get(conversationId) ?? this.#lookUp(conversationId)
    this.#names.set(conversationId, name)
    return name
  }

  ofConversation(conversation: Conversation): Promise<string> {
    const name = this.#names.get(conversation.conversationId) ?? this.#name(conversation)
    this.#names.set(conversation.conversationId, name)
    return name
  }

  forget(conversationId: string): void {
    this.#names.delete(conversationId)
  }

  rename(conversationId: string, title: string): void {
    this.#names.set(conversationId, Promise.resolve(title || shortId(conversationId)))
  }

  async #lookUp(conversationId: string): Promise<string> {
    try {
      const { conversation } = await this.#chat.api.conversations.getConversation({ conversationId })
      return await this.#name(conversation!)
    } catch {
      // Removed in the meantime, for example: the name is only decoration.
      return shortId(conversationId)
    }
  }

  async #name({ conversationId, type, title }: Conversation): Promise<string> {
    if (type !== ConversationType.PRIVATE) return title || shortId(conversationId)
    const { members } = await this.#chat.api.conversations.listMembers({ conversationId })
    return members.find(({ userId }) => userId !== this.#userId)?.userId ?? shortId(conversationId)
  }
}

/** The end of an id: its start is a time, alike in all that were made together. */
const shortId = (id: string): string => `…${id.slice(-6)}`
