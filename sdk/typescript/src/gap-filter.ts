import type { Api } from './api.ts'
import { toChatError } from './errors.ts'
import type { ChangeEvent, ConversationEvent } from './events.ts'
import { changes } from './sync.ts'

/** Lets each durable change of a conversation pass once and in order: drops repeats, and fetches what a gap hides. */
export class GapFilter {
  readonly #api: Api
  /** The last revision seen of each conversation. Grows with the conversations that were active. */
  readonly #revisions = new Map<string, bigint>()

  constructor(api: Api) {
    this.#api = api
  }

  async *pass(event: ChangeEvent, signal: AbortSignal): AsyncGenerator<ChangeEvent> {
    const known = this.#revisions.get(event.conversationId)
    if (event.kind === 'receipt') return yield event
    if (event.kind !== 'snapshot') {
      // Someone who was removed is told so, but can't read what came just before. The gap stays open for when they are back.
      if (known !== undefined && event.revision > known + 1n && !(yield* this.#fill(event, known, signal))) return yield event
      if (event.revision <= (this.#revisions.get(event.conversationId) ?? 0n)) return
    }
    this.#revisions.set(event.conversationId, event.revision)
    yield event
  }

  /** False: the user may not read the conversation. */
  async *#fill(event: ConversationEvent, known: bigint, signal: AbortSignal): AsyncGenerator<ChangeEvent, boolean> {
    try {
      for await (const change of changes(this.#api, event.conversationId, known, { signal })) {
        this.#revisions.set(event.conversationId, change.revision)
        yield change
      }
      return true
    } catch (thrown) {
      const error = toChatError(thrown, signal)
      if (error.code !== 'permission_denied' && error.code !== 'not_found') throw error
      return false
    }
  }
}
