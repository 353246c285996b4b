import type { DescMethod, MessageInitShape } from '@bufbuild/protobuf'
import { create, type Message } from '@bufbuild/protobuf'
import { newId } from '@chat4all/base'
import { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { ConversationType, MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { LiveService, type SubscribeResponse } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { ReceiptService } from '@chat4all/gen/chat4all/v1/receipt_service_pb.js'
import { SyncService } from '@chat4all/gen/chat4all/v1/sync_service_pb.js'
import { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import { text } from './world.ts'

/** Who calls: the name of a token. */
type Caller = 'nobody' | 'operator' | 'client' | 'ana' | 'bo'

/** What the steps before have brought: tokens by caller, ids by name. */
export class Memory {
  readonly tenantId: string
  readonly #values = new Map<string, string>()

  constructor(tenantId: string, operatorToken: string) {
    this.tenantId = tenantId
    this.set('operator', operatorToken)
  }

  set(name: string, value: string): void {
    this.#values.set(name, value)
  }

  get(name: string): string {
    const value = this.#values.get(name)
    if (value === undefined) throw new Error(`no step brought ${name}`)
    return value
  }
}

/** One call of the script. */
export interface Step {
  readonly method: DescMethod
  readonly by: Caller
  request(memory: Memory): Message
  /** Takes from the answer what later steps need. */
  keep(answer: Message, memory: Memory): void
  enough?(answer: Message): boolean
}

type Init<M extends DescMethod> = MessageInitShape<M['input']>
type Answer<M extends DescMethod> = import('@bufbuild/protobuf').MessageShape<M['output']>

function step<M extends DescMethod>(
  by: Caller,
  method: M,
  init: Init<M> | ((memory: Memory) => Init<M>),
  keep: (answer: Answer<M>, memory: Memory) => void = () => {},
  enough?: (answer: Answer<M>) => boolean,
): Step {
  return {
    method,
    by,
    request: (memory) => create(method.input, typeof init === 'function' ? (init as (memory: Memory) => Init<M>)(memory) : init) as Message,
    keep: keep as Step['keep'],
    ...(enough === undefined ? {} : { enough: enough as (answer: Message) => boolean }),
  }
}

const admin = AdminService.method
const auth = AuthService.method
const users = UserService.method
const conversations = ConversationService.method
const messages = MessageService.method
const group = (memory: Memory) => ({ conversationId: memory.get('group') })
const message = (memory: Memory) => ({ messageId: memory.get('message') })
const ALL = { pageSize: 200 }

/** A tenant's life from beginning to end: every public RPC at least once, each answered. */
export const SCRIPT: readonly Step[] = [
  step('operator', admin.createTenant, ({ tenantId }) => ({ tenantId, name: 'Parity' })),
  step('operator', admin.listTenants, { pageSize: 1 }),
  step(
    'operator',
    admin.createApiClient,
    ({ tenantId }) => ({ tenantId, name: 'first' }),
    ({ apiClient, clientSecret }, memory) => {
      memory.set('clientId', apiClient!.clientId)
      memory.set('clientSecret', clientSecret)
    },
  ),
  step(
    'nobody',
    auth.createToken,
    (memory) => ({ clientId: memory.get('clientId'), clientSecret: memory.get('clientSecret') }),
    ({ accessToken }, memory) => memory.set('client', accessToken),
  ),
  step('client', admin.createApiClient, { name: 'second' }, ({ apiClient }, memory) => memory.set('second', apiClient!.clientId)),
  step('client', admin.listApiClients, {}),
  step('client', admin.rotateApiClientSecret, (memory) => ({ clientId: memory.get('second'), graceSeconds: 60 })),
  step('client', admin.revokeApiClient, (memory) => ({ clientId: memory.get('second') })),
  step('client', users.batchUpsertUsers, { users: ['ana', 'bo', 'cleo'].map((userId) => ({ userId, metadata: { team: 'red' } })) }),
  step('client', users.upsertUser, { user: { userId: 'dora', displayName: 'Dora' } }),
  step('client', users.listUsers, { pageSize: 2 }),
  step('client', auth.createUserToken, { userId: 'ana' }, ({ accessToken }, memory) => memory.set('ana', accessToken)),
  step('client', auth.createUserToken, { userId: 'bo', ttl: { seconds: 600n } }, ({ accessToken }, memory) =>
    memory.set('bo', accessToken),
  ),
  step('ana', users.updateUser, { user: { userId: 'ana', displayName: 'Ana 😀' }, updateMask: { paths: ['display_name'] } }),
  step('ana', users.getUser, { userId: 'ana' }),
  step('bo', SyncService.method.syncChanges, {}, ({ cursor }, memory) => memory.set('cursor', cursor)),
  step(
    'ana',
    conversations.createConversation,
    { type: ConversationType.GROUP, members: ['bo', 'cleo'], title: 'Parity', metadata: { a: 'b' }, requestId: newId() },
    ({ conversation }, memory) => memory.set('group', conversation!.conversationId),
  ),
  step('ana', conversations.updateConversation, (memory) => ({ ...group(memory), title: 'Equal', updateMask: { paths: ['title'] } })),
  step('ana', conversations.addMembers, (memory) => ({ ...group(memory), members: ['dora'] })),
  step('ana', conversations.setMemberRole, (memory) => ({ ...group(memory), userId: 'bo', role: MemberRole.OWNER })),
  step('ana', conversations.removeMembers, (memory) => ({ ...group(memory), members: ['cleo', 'dora'] })),
  step('ana', conversations.listMembers, group),
  step(
    'ana',
    messages.sendMessage,
    (memory) => ({ ...group(memory), payload: text('olá'), mentions: ['bo'], metadata: { k: 'v' } }),
    ({ messageId }, memory) => memory.set('message', messageId),
  ),
  step('ana', messages.getMessage, message),
  step(
    'ana',
    messages.sendStream,
    (memory) => ({ messages: [{ messageId: newId(), ...group(memory), payload: text('by stream') }] }),
    ({ results }, memory) => memory.set('streamed', results[0]!.messageId),
  ),
  step('ana', messages.getMessage, (memory) => ({ messageId: memory.get('streamed') })),
  step('ana', messages.editMessage, (memory) => ({
    ...message(memory),
    payload: { content: { case: 'location' as const, value: { latitude: -23.5, longitude: -46.6 } } },
  })),
  step('bo', messages.listMessageEdits, message),
  step('bo', messages.addReaction, (memory) => ({ ...message(memory), emoji: '👍' })),
  step('bo', messages.removeReaction, (memory) => ({ ...message(memory), emoji: '👍' })),
  step('bo', messages.listMessages, (memory) => ({ ...group(memory), position: { case: 'since' as const, value: 0n }, ...ALL })),
  step('bo', conversations.getConversation, group),
  step('bo', ReceiptService.method.markReceipts, (memory) => ({
    marks: [
      { ...group(memory), deliveredThrough: 2n, readThrough: 1n },
      { conversationId: newId(), readThrough: 1n },
    ],
  })),
  step('ana', ReceiptService.method.listReceipts, group),
  step('ana', messages.getMessageStatus, message),
  step('ana', messages.watchMessageStatus, message),
  step('bo', SyncService.method.listChanges, group),
  step('bo', SyncService.method.syncChanges, (memory) => ({ cursor: memory.get('cursor') })),
  step('bo', SyncService.method.getRangeDigest, (memory) => ({ ...group(memory), fromSequence: 1n, toSequence: 10n })),
  step(
    'bo',
    LiveService.method.subscribe,
    (memory) => ({ cursor: memory.get('cursor') }),
    undefined,
    ({ caughtUp }: SubscribeResponse) => caughtUp,
  ),
  step('bo', messages.deleteMessage, message),
  step('bo', conversations.leaveConversation, group),
  step('ana', conversations.listConversations, {}),
  step('client', admin.verifyIntegrity, {}),
  step('operator', admin.rotateSigningKey, {}),
  step('client', auth.revokeToken, (memory) => ({ token: memory.get('bo') })),
  step('client', users.deactivateUser, { userId: 'bo' }),
]

const nowhere = { conversationId: '00000000-0000-7000-8000-000000000001' }
const nothing = { messageId: '00000000-0000-7000-8000-000000000002' }
const payload = text('hi')

/** Every public RPC at least once, each refused: by the rules of the schema, by who calls, or by what is there. */
export const REFUSALS: readonly Step[] = [
  step('nobody', auth.createToken, { clientId: 'nobody', clientSecret: 'wrong' }),
  step('nobody', auth.createToken, {}),
  step('ana', auth.createUserToken, { userId: 'ana' }),
  step('client', auth.createUserToken, { userId: 'nobody' }),
  step('client', auth.revokeToken, { token: 'x.y.z' }),
  step('client', users.upsertUser, { user: { userId: 'a b' } }),
  step('client', users.batchUpsertUsers, { users: [{ userId: 'a b' }, { userId: '' }] }),
  step('ana', users.getUser, { userId: 'nobody' }),
  step('client', users.listUsers, { pageSize: -1, pageToken: 'x'.repeat(1025) }),
  step('ana', users.updateUser, { user: { userId: 'bo' } }),
  step('client', users.deactivateUser, { userId: 'nobody' }),
  step('ana', conversations.createConversation, { type: ConversationType.PRIVATE, members: ['nobody'] }),
  step('ana', conversations.getConversation, nowhere),
  step('client', conversations.listConversations, {}),
  step('ana', conversations.updateConversation, { ...nowhere, title: 'x', updateMask: { paths: ['title'] } }),
  step('ana', conversations.listMembers, { conversationId: 'x' }),
  step('ana', conversations.addMembers, { ...nowhere, members: [] }),
  step('ana', conversations.removeMembers, (memory) => ({ ...group(memory), members: ['ana'] })),
  step('ana', conversations.leaveConversation, group),
  step('ana', conversations.setMemberRole, (memory) => ({ ...group(memory), userId: 'cleo', role: MemberRole.ADMIN })),
  step('ana', messages.sendMessage, { ...nowhere, payload }),
  step('ana', messages.sendMessage, { messageId: 'x', to: 'a b', payload: text(' ') }),
  step('ana', messages.sendStream, (memory) => ({
    messages: [
      { ...nothing, ...nowhere, payload },
      { ...message(memory), ...group(memory), payload },
    ],
  })),
  step('ana', messages.sendStream, {}),
  step('ana', messages.getMessage, nothing),
  step('ana', messages.listMessages, (memory) => ({ ...group(memory), pageToken: 'x' })),
  step('client', messages.editMessage, (memory) => ({ ...message(memory), payload, from: 'cleo' })),
  step('ana', messages.editMessage, (memory) => ({ ...message(memory), payload })),
  step('ana', messages.listMessageEdits, nothing),
  step('ana', messages.deleteMessage, nothing),
  step('ana', messages.addReaction, (memory) => ({ ...message(memory), emoji: '👍' })),
  step('ana', messages.removeReaction, { ...nothing, emoji: ' ' }),
  step('ana', messages.getMessageStatus, nothing),
  step('ana', messages.watchMessageStatus, nothing),
  step('client', ReceiptService.method.markReceipts, { marks: [nowhere] }),
  step('ana', ReceiptService.method.listReceipts, nowhere),
  step('ana', SyncService.method.listChanges, { ...nowhere, afterRevision: -1n }),
  step('ana', SyncService.method.syncChanges, { cursor: 'x' }),
  step('ana', SyncService.method.getRangeDigest, (memory) => ({ ...group(memory), fromSequence: 2n, toSequence: 1n })),
  step('ana', LiveService.method.subscribe, { cursor: 'x' }),
  step('client', LiveService.method.subscribe, { userId: 'bo' }),
  step('operator', admin.createTenant, ({ tenantId }) => ({ tenantId })),
  step('client', admin.listTenants, {}),
  step('client', admin.createApiClient, { role: 2 }),
  step('client', admin.listApiClients, { tenantId: 'default' }),
  step('client', admin.rotateApiClientSecret, (memory) => ({ clientId: memory.get('second') })),
  step('client', admin.revokeApiClient, (memory) => ({ clientId: memory.get('clientId') })),
  step('client', admin.rotateSigningKey, {}),
  step('ana', admin.verifyIntegrity, {}),
]
