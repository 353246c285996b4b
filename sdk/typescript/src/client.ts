/// <reference lib="esnext.disposable" preserve="true" />
import type { Conversation } from '#gen/chat4all/v1/conversation_pb.js'
import type { Message, StatusEntry } from '#gen/chat4all/v1/message_pb.js'
import { type Api, withSignal } from './api.ts'
import type { HeldMessage } from './digest.ts'
import type { ChangeEvent } from './events.ts'
import { conversations, type HistoryPosition, history, type PageOptions } from './history.ts'
import type { Connection } from './platform.ts'
import { ReceiptBatcher } from './receipts.ts'
import { type Draft, type SendEvent, Sender, type SendOptions, type Sent } from './send.ts'
import { StreamLane } from './send-stream.ts'
import { unaryLane } from './send-unary.ts'
import { watchStatus } from './status.ts'
import { type SubscribeOptions, Subscription } from './subscribe.ts'
import { changes, SyncRun } from './sync.ts'
import { type Verification, type VerifyOptions, verify } from './verify.ts'

/** A connection to Chat4All on behalf of one user or API client. Made by {@link connect}. */
export class ChatClient implements AsyncDisposable {
  /**
   * The generated client of every service, for what has no method here.
   *
   * @example
   * const { user } = await chat.api.users.getUser({ userId: 'bruno' })
   */
  readonly api: Api
  readonly #connection: Connection
  readonly #userId: string
  readonly #sender: Sender
  readonly #receipts: ReceiptBatcher
  readonly #subscriptions = new Set<Subscription>()

  /** @internal */
  constructor(api: Api, connection: Connection, actAs?: string) {
    this.api = api
    this.#connection = connection
    this.#userId = actAs ?? ''
    this.#sender = new Sender(connection.bidi ? new StreamLane(api) : unaryLane(api), actAs)
    this.#receipts = new ReceiptBatcher(api, actAs)
  }

  /**
   * Sends a message. Resolves when the server has it on disk. Until then it is sent again, with the same id, whenever the
   * connection breaks or the server is busy: it arrives once. Throws {@link ChatError}; DEADLINE_EXCEEDED means that the outcome is
   * unknown, and repeating with the same `messageId` is safe.
   *
   * @example
   * const { messageId } = await chat.send({ to: 'bruno', text: 'Hello' })
   */
  send(draft: Draft, options?: SendOptions): Promise<Sent> {
    return this.#sender.send(draft, options)
  }

  /**
   * Tells what becomes of every send: show a message at once (`pending`), then tick it (`accepted`) or mark it (`failed`).
   * Returns a function that ends this.
   *
   * @example
   * const stop = chat.onSend((event) => console.log(event.kind, event.message.messageId))
   */
  onSend(listener: (event: SendEvent) => void): () => void {
    return this.#sender.events.subscribe(listener)
  }

  /**
   * Follows everything that happens in the user's conversations: missed changes first when a cursor is given, then live.
   * Reconnects by itself; each change comes once and in order per conversation.
   *
   * @example
   * for await (const event of chat.subscribe({ cursor: load(), onCursor: save })) {
   *   if (event.kind === 'messageCreated') console.log(event.value.from, event.value.payload?.content.value)
   *   if (event.kind === 'snapshot') await reload(event.conversationId)
   * }
   */
  subscribe(options: SubscribeOptions = {}): Subscription {
    const onEnd = () => this.#subscriptions.delete(subscription)
    const subscription: Subscription = new Subscription(this.api, this.#userId, this.#receipts, options, onEnd)
    this.#subscriptions.add(subscription)
    return subscription
  }

  /**
   * Says that this device has every message up to a sequence. Sent within a second, together with others.
   * Subscriptions do it by themselves.
   *
   * @example
   * chat.markDelivered(conversationId, message.sequence)
   */
  markDelivered(conversationId: string, throughSequence: bigint): void {
    this.#receipts.markDelivered(conversationId, throughSequence)
  }

  /**
   * Says that the user has read every message up to a sequence. Sent within a second, together with others.
   *
   * @example
   * chat.markRead(conversationId, message.sequence)
   */
  markRead(conversationId: string, throughSequence: bigint): void {
    this.#receipts.markRead(conversationId, throughSequence)
  }

  /**
   * Sends gathered receipts now.
   *
   * @example
   * await chat.flushReceipts()
   */
  flushReceipts(): Promise<void> {
    return this.#receipts.flush()
  }

  /**
   * Reads messages, page after page as the loop goes on: the newest first, or from a position.
   *
   * @example
   * for await (const message of chat.history(conversationId, { since: 100n })) console.log(message.sequence)
   */
  history(conversationId: string, options?: HistoryPosition & PageOptions): AsyncIterable<Message> {
    return history(this.api, conversationId, options)
  }

  /**
   * Reads the durable changes of one conversation after a revision, up to now.
   *
   * @example
   * for await (const change of chat.changes(conversationId, lastRevision)) apply(change)
   */
  changes(conversationId: string, afterRevision: bigint, options?: PageOptions): AsyncIterable<ChangeEvent> {
    return changes(this.api, conversationId, afterRevision, options)
  }

  /**
   * Reads everything that changed for the user since a cursor, up to now: catching up without a live stream. Without a cursor it yields
   * nothing and gives a cursor of now.
   *
   * @example
   * const run = chat.sync(cursor)
   * for await (const change of run) apply(change)
   * save(run.cursor)
   */
  sync(cursor = '', options: PageOptions = {}): SyncRun {
    return new SyncRun(this.api, this.#userId, cursor, options)
  }

  /**
   * Reads the user's conversations, the one with the newest activity first, each with last message and unread count.
   *
   * @example
   * for await (const { conversationId, view } of chat.conversations()) console.log(conversationId, view?.unreadCount)
   */
  conversations(options?: PageOptions): AsyncIterable<Conversation> {
    return conversations(this.api, this.#userId, options)
  }

  /**
   * The ledger of a message: who, on which channel, reached which state, when, and why.
   *
   * @example
   * for (const { userId, state } of await chat.messageStatus(messageId)) console.log(userId, DeliveryState[state])
   */
  async messageStatus(messageId: string, signal?: AbortSignal): Promise<readonly StatusEntry[]> {
    const { entries } = await this.api.messages.getMessageStatus({ messageId }, withSignal(signal))
    return entries
  }

  /**
   * The ledger of a message so far, then each new line as it happens. Ends when every recipient has READ or FAILED.
   *
   * @example
   * for await (const { userId, state } of chat.watchStatus(messageId)) console.log(userId, DeliveryState[state])
   */
  watchStatus(messageId: string, signal?: AbortSignal): AsyncIterable<StatusEntry> {
    return watchStatus(this.api, messageId, signal)
  }

  /**
   * Proves that the client holds exactly what the server holds of a conversation, by comparing checksums; where they differ, it halves the
   * range and returns only the bad part, with what belongs there.
   *
   * @example
   * const { ok, differences } = await chat.verify(conversationId, store.messages())
   * for (const { from, to, messages } of differences) store.replace(from, to, messages)
   */
  verify(conversationId: string, messages: Iterable<HeldMessage>, options?: VerifyOptions): Promise<Verification> {
    return verify(this.api, conversationId, messages, options)
  }

  /**
   * Ends subscriptions, sends gathered receipts, fails sends that are not accepted yet (CLOSED) and closes the connection.
   *
   * @example
   * await using chat = connect({ token })
   */
  async close(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.close()
    this.#sender.close()
    await this.#receipts.close()
    this.#connection.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
