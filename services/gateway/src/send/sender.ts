import { fromBinary, type MessageInitShape } from '@bufbuild/protobuf'
import { ChatError, type Clock, invalidField, newId } from '@chat4all/base'
import { type Message, MessageSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import { type SendMessageRequest, type SendMessageResponseSchema, SendStatus } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import type { Appended, ConversationLog } from '@chat4all/ports'
import type { Principal } from '@chat4all/rpc'
import { actingUser } from '../access/acting-user.ts'
import type { Conversations } from '../access/conversation-access.ts'
import type { Users } from '../access/users.ts'
import type { MessageReader } from '../message-reader.ts'
import type { Admission } from './admission.ts'
import type { ConversationRate } from './conversation-rate.ts'
import { isFreshId } from './fresh-id.ts'
import { RecentIds } from './recent-ids.ts'
import { encodeRecord, messageOfRecord, sameContent, sentMessage } from './sent-message.ts'

export interface SenderDeps {
  readonly log: ConversationLog
  readonly clock: Clock
  readonly conversations: Conversations
  readonly users: Users
  readonly reader: MessageReader
  readonly rate: ConversationRate
  readonly admission: Admission
}

/** A message that may be sent. */
export interface PreparedSend {
  readonly tenantId: string
  readonly partition: number
  readonly message: Message
  /** The message that holds the id already. */
  readonly earlier: Message | undefined
}

type Accepted = MessageInitShape<typeof SendMessageResponseSchema>

/** Accepts messages: checks who may send what where, then puts it into the log. Being in the log is being accepted. */
export class Sender {
  readonly #deps: SenderDeps
  readonly #recentIds = new RecentIds()

  constructor(deps: SenderDeps) {
    this.#deps = deps
  }

  /** Everything that can refuse a message. Membership is checked last, so that little can change before `append`. */
  async prepare(principal: Principal, request: SendMessageRequest): Promise<PreparedSend> {
    const { tenantId } = principal
    const from = actingUser(principal, request.from, 'from')
    if (principal.kind === 'client' && request.conversationId !== '') await this.#deps.users.requireActive(tenantId, from)
    const conversationId = await this.#target(principal, from, request)
    const messageId = request.messageId === '' ? newId() : request.messageId.toLowerCase()
    const message = sentMessage(request, messageId, conversationId, from, this.#deps.clock.now())
    if (message.replyTo !== '') await this.#checkReply(tenantId, message)
    const earlier = await this.#earlier(tenantId, messageId)
    const { partition, members } = await this.#deps.conversations.require(tenantId, conversationId, from)
    if (request.conversationId !== '' && request.to !== '' && !members.has(request.to)) throw notAMember(request.to)
    return { tenantId, partition, message, earlier }
  }

  /** Puts the message into the log. The call to the log is made before this returns, so that calls keep their order. */
  async append({ tenantId, partition, message, earlier }: PreparedSend): Promise<Accepted> {
    const { messageId, conversationId } = message
    if (earlier !== undefined) return repeated(message, earlier)
    const now = performance.now()
    this.#deps.rate.take(conversationId, now)
    const key = `${tenantId}:m:${messageId}`
    if (!this.#recentIds.use(key, conversationId, now)) throw reused(messageId)
    const entry = { conversationId, key, record: encodeRecord(tenantId, message) }
    const appended = await this.#deps.admission.run(() => this.#deps.log.append(partition, entry))
    return appended.duplicate ? this.#repeat(tenantId, partition, message, appended) : accepted(message)
  }

  async #target(principal: Principal, from: string, request: SendMessageRequest): Promise<string> {
    if (request.conversationId !== '') return request.conversationId.toLowerCase()
    if (request.to === '') throw invalidField('conversation_id', 'must be set, or else "to"')
    return this.#deps.conversations.privateConversation(principal.tenantId, from, request.to, principal.kind === 'client')
  }

  /** Of ids that are so new that the log would know them, nothing is looked up. */
  async #earlier(tenantId: string, messageId: string): Promise<Message | undefined> {
    if (isFreshId(messageId, this.#deps.clock.now())) return undefined
    const stored = await this.#deps.reader.stored(tenantId, messageId)
    return stored && fromBinary(MessageSchema, stored.data)
  }

  async #checkReply(tenantId: string, { replyTo, conversationId }: Message): Promise<void> {
    const target = await this.#deps.reader.find(tenantId, replyTo)
    if (target?.conversationId !== conversationId)
      throw new ChatError('REPLY_TARGET_INVALID', 'reply_to must name a message of the same conversation.', {
        metadata: { message_id: replyTo },
      })
  }

  /** The id is in the log already: the same message again is answered as before, another one is refused. */
  async #repeat(tenantId: string, partition: number, message: Message, { position }: Appended): Promise<Accepted> {
    const entry = await this.#deps.log.read(partition, position)
    const first = entry === undefined ? undefined : messageOfRecord(entry.record)
    if (first !== undefined) return repeated(message, first)
    const stored = await this.#deps.reader.stored(tenantId, message.messageId)
    return stored === undefined ? accepted(message) : repeated(message, fromBinary(MessageSchema, stored.data))
  }
}

function repeated(message: Message, first: Message): Accepted {
  // What was edited or deleted since can't be compared any more: the id alone decides.
  const changed = first.editTime !== undefined || first.deleteTime !== undefined
  if (!changed && !sameContent(message, first)) throw reused(message.messageId)
  return accepted(first)
}

function notAMember(userId: string): ChatError {
  return new ChatError('MEMBER_NOT_FOUND', 'The user in "to" is not a member of the conversation.', { metadata: { user_id: userId } })
}

function reused(messageId: string): ChatError {
  const metadata = { message_id: messageId }
  return new ChatError('IDEMPOTENCY_KEY_REUSED', 'The message_id was used before for another message. Use a new one.', { metadata })
}

function accepted({ messageId, conversationId, createTime }: Message): Accepted {
  return { status: SendStatus.ACCEPTED, messageId, conversationId, ...(createTime === undefined ? {} : { createTime }) }
}
