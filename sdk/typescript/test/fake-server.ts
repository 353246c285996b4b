import { create } from '@bufbuild/protobuf'
import { anyPack, timestampFromDate } from '@bufbuild/protobuf/wkt'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { type Event, EventSchema } from '@chat4all/gen/chat4all/v1/event_pb.js'
import { LiveService } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { type Message, MessageSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { ReceiptService } from '@chat4all/gen/chat4all/v1/receipt_service_pb.js'
import { SyncService } from '@chat4all/gen/chat4all/v1/sync_service_pb.js'
import { ErrorInfoSchema, RetryInfoSchema } from '@chat4all/gen/google/rpc/error_details_pb.js'
import { StatusSchema } from '@chat4all/gen/google/rpc/status_pb.js'
import { Code, ConnectError, createRouterTransport, type ServiceImpl } from '@connectrpc/connect'
import { type ChatClient, type ConnectOptions, connect } from '../src/index.ts'

export interface FakeHandlers {
  readonly auth?: Partial<ServiceImpl<typeof AuthService>>
  readonly conversations?: Partial<ServiceImpl<typeof ConversationService>>
  readonly live?: Partial<ServiceImpl<typeof LiveService>>
  readonly messages?: Partial<ServiceImpl<typeof MessageService>>
  readonly receipts?: Partial<ServiceImpl<typeof ReceiptService>>
  readonly sync?: Partial<ServiceImpl<typeof SyncService>>
}

/** A client whose server is a handful of handlers in memory. */
export function connectTo(handlers: FakeHandlers, options: Partial<ConnectOptions> = {}): ChatClient {
  return connect({ token: 'token', transport: fakeTransport(handlers), ...options })
}

export function fakeTransport(handlers: FakeHandlers) {
  return createRouterTransport((router) => {
    router.service(AuthService, handlers.auth ?? {})
    router.service(ConversationService, handlers.conversations ?? {})
    router.service(LiveService, handlers.live ?? {})
    router.service(MessageService, handlers.messages ?? {})
    router.service(ReceiptService, handlers.receipts ?? {})
    router.service(SyncService, { syncChanges: () => ({ cursor: 'now' }), ...handlers.sync })
  })
}

/** An error as the server sends it. */
export function refusal(code: Code, reason: string, retryAfterMs?: number): ConnectError {
  const details: ConnectError['details'] = [{ desc: ErrorInfoSchema, value: { reason, domain: 'chat4all' } }]
  if (retryAfterMs !== undefined) {
    details.push({ desc: RetryInfoSchema, value: { retryDelay: { seconds: 0n, nanos: retryAfterMs * 1_000_000 } } })
  }
  return new ConnectError(reason.toLowerCase(), code, undefined, details as never)
}

/** The same error as streams carry it. */
export function refusalStatus(code: Code, reason: string) {
  const info = create(ErrorInfoSchema, { reason, domain: 'chat4all' })
  return create(StatusSchema, { code, message: reason.toLowerCase(), details: [anyPack(ErrorInfoSchema, info)] })
}

export const unavailable = (): ConnectError => refusal(Code.Unavailable, 'ENGINE_UNAVAILABLE')

type MessageInit = Partial<Pick<Message, 'from' | 'messageId' | 'revision'>>

/** A message and its creation, with the same number as sequence and revision. */
export function message(number: number, init: MessageInit = {}): Message {
  const messageId = `01920000-0000-7000-8000-${String(number).padStart(12, '0')}`
  const numbers = { sequence: BigInt(number), revision: BigInt(number) }
  return create(MessageSchema, { messageId, conversationId: 'c', ...numbers, from: 'ana', payload: text(`#${number}`), ...init })
}

export function created(number: number, init: MessageInit = {}): Event {
  const value = message(number, init)
  const { conversationId, revision } = value
  return create(EventSchema, { conversationId, revision, time: timestampFromDate(new Date(0)), kind: { case: 'messageCreated', value } })
}

const text = (value: string) => ({ type: 'text', content: { case: 'text' as const, value } })

/** An unsigned JWT that lives from `iat` to `exp`, in seconds. */
export function jwt(claims: { readonly iat?: number; readonly exp?: number; readonly n?: number }): string {
  return ['{}', JSON.stringify(claims), ''].map((part) => Buffer.from(part).toString('base64url')).join('.')
}

/** Waits until a condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1))
}

/** The first items of a feed. */
export async function take<T>(count: number, feed: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of feed) {
    items.push(item)
    if (items.length === count) break
  }
  return items
}

export async function collect<T>(feed: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of feed) items.push(item)
  return items
}
