import {
  type ChatClient,
  type ChatError,
  type ConversationEvent,
  type LiveEvent,
  MemberRole,
  type Message,
  type Receipt,
  toJson,
} from '@chat4all/sdk'
import { ConversationNames } from './conversation-names.ts'
import { contentOf, groupLabel, messageLine, paintTick } from './message-line.ts'
import type { Output } from './output.ts'
import { OwnTicks } from './own-ticks.ts'
import { oneLine } from './terminal-text.ts'

/** Writes live events: what happens in conversations to standard output, how the connection fares to standard error. */
export class TailView {
  readonly #output: Output
  readonly #userId: string
  readonly #names: ConversationNames
  readonly #ticks = new OwnTicks()
  #state: 'starting' | 'live' | 'cut off' = 'starting'

  constructor(output: Output, chat: ChatClient, userId: string) {
    this.#output = output
    this.#userId = userId
    this.#names = new ConversationNames(chat, userId)
  }

  async show(event: LiveEvent): Promise<void> {
    if (!('conversationId' in event)) return this.#showConnection(event)
    if (this.#output.json) return this.#output.object(toObject(event))
    if (event.kind === 'snapshot') return this.#output.note(`${event.conversationId}: away for too long, see its history`)
    await this.#showEvent(event)
  }

  #showConnection(event: Exclude<LiveEvent, { readonly conversationId: string }>): void {
    if (event.kind === 'disconnected') {
      // An expired token is replaced as a matter of course.
      if (this.#state === 'cut off' || event.error.reason === 'TOKEN_INVALID') return
      this.#state = 'cut off'
      this.#tell(event.kind, `${reason(event.error)}, trying again`)
    }
    if (event.kind === 'caughtUp') {
      if (this.#state !== 'live')
        this.#tell(event.kind, this.#state === 'starting' ? `listening as ${this.#userId}` : 'connected again, nothing missed')
      this.#state = 'live'
    }
  }

  #tell(kind: string, text: string): void {
    if (this.#output.json) this.#output.warn(JSON.stringify({ kind, message: text }))
    else this.#output.note(text)
  }

  async #showEvent(event: ConversationEvent): Promise<void> {
    if (event.kind === 'messageCreated') return this.#showMessage(event.value)
    if (event.kind === 'receipt') return this.#showReceipt(event.conversationId, event.value)
    if (event.kind === 'conversationCreated') this.#names.forget(event.conversationId)
    if (event.kind === 'conversationUpdated') this.#names.rename(event.conversationId, event.value.title)
    const { name } = await this.#names.of(event.conversationId)
    this.#output.line(this.#output.paint('dim', `          [${oneLine(name)}] ${oneLine(describe(event))}`))
  }

  async #showMessage(message: Message): Promise<void> {
    const isOwn = message.from === this.#userId
    if (isOwn) this.#ticks.sent(message)
    const conversation = await this.#names.of(message.conversationId)
    this.#output.line(messageLine(this.#output, message, isOwn ? 'sent' : 'delivered', conversation))
  }

  async #showReceipt(conversationId: string, receipt: Receipt): Promise<void> {
    if (receipt.userId === this.#userId) return
    for (const { tick, through } of this.#ticks.take(conversationId, receipt)) {
      const place = groupLabel(await this.#names.of(conversationId))
      const text = `${place}#${through} ${tick === 'read' ? 'read by' : 'delivered to'} ${oneLine(receipt.userId)}`
      this.#output.line(`          ${paintTick(this.#output, tick)} ${this.#output.paint('dim', text)}`)
    }
  }
}

const reason = ({ reason: why, message }: ChatError): string => (why === 'CONNECTION_LOST' ? 'connection lost' : message)

/** What happened, in words, for all but messages and receipts. */
function describe(event: ConversationEvent): string {
  switch (event.kind) {
    case 'messageUpdated':
      return `#${event.value.sequence} is now: ${contentOf(event.value)}${reactions(event.value)}`
    case 'conversationCreated':
      return `created with ${event.value.members.map(({ userId }) => userId).join(', ')}`
    case 'conversationUpdated':
      return `changed by ${event.value.updatedBy || 'the app'}: ${event.value.title}`
    case 'membersAdded':
      return `joined: ${event.value.members.map(({ userId }) => userId).join(', ')}`
    case 'membersRemoved':
      return `left: ${event.value.userIds.join(', ')}`
    case 'memberRoleChanged':
      return `${event.value.member?.userId} is now ${MemberRole[event.value.member?.role ?? 0]?.toLowerCase()}`
    default:
      return event.kind
  }
}

const reactions = ({ reactions: all }: Message): string =>
  all.map(({ emoji, count }) => ` ${emoji}${count > 1 ? ` ${count}` : ''}`).join('')

function toObject(event: Exclude<LiveEvent, { readonly kind: 'connected' | 'caughtUp' | 'disconnected' }>): object {
  const { kind, conversationId, revision } = event
  if (event.kind === 'snapshot') return { kind, conversationId, revision }
  return { kind, conversationId, revision, time: event.time, value: toJson(event.value) }
}
