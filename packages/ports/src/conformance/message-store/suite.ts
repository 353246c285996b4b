import { newId } from '@chat4all/base'
import type { MessageStore } from '../../message-store.ts'
import { Author, applyBatch, Log } from './author.ts'

/** What the cases share: one store, and a log to take positions from. */
export class Suite {
  readonly log = new Log(0)
  readonly #open: () => Promise<MessageStore>
  #store: MessageStore | undefined

  constructor(open: () => Promise<MessageStore>) {
    this.#open = open
  }

  get store(): MessageStore {
    return this.#store!
  }

  async open(): Promise<void> {
    this.#store = await this.#open()
  }

  async close(): Promise<void> {
    await this.#store?.[Symbol.asyncDispose]()
  }

  async reopen(): Promise<void> {
    await this.close()
    await this.open()
  }

  apply(...authors: readonly Author[]): ReturnType<typeof applyBatch> {
    return applyBatch(this.store, this.log, authors)
  }

  /** A conversation that the log has these members of; not yet applied. */
  author(tenantId: string = newTenant(), members: readonly string[] = ['ana', 'bob'], conversationId?: string): Author {
    const author = new Author(this.log, tenantId, conversationId)
    author.join(members)
    return author
  }

  /** An applied conversation with so many messages from ana. */
  async stored(messages: number, tenantId?: string): Promise<Author> {
    const author = this.author(tenantId)
    for (let i = 1; i <= messages; i++) author.message('ana', `message ${i}`)
    await this.apply(author)
    return author
  }
}

/** A tenant that no other case uses. */
export function newTenant(): string {
  return `tenant-${newId()}`
}

/** The largest number that the API lets through. */
export const HUGE = 2n ** 63n - 1n
