import { create, type DescMessage, type DescMethod, type Message } from '@bufbuild/protobuf'
import { type ReflectList, type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect'
import { newId } from '@chat4all/base'
import { Access } from '@chat4all/gen/chat4all/v1/access_pb.js'
import { ConversationType, MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import type { RawClient } from '@chat4all/testkit'
import { accessOf, nameOf } from './api.ts'
import { type Person, type Tenant, text } from './world.ts'

/** A group of two owners with a message in it: something for every RPC to be about. */
export interface Scene {
  readonly tenant: Tenant
  readonly ana: Person
  readonly bo: Person
  readonly conversationId: string
  /** Ana's. */
  readonly messageId: string
  /** Another API client of the tenant. */
  readonly clientId: string
}

let scenes = 0

export async function newScene(tenant: Tenant, clientId: string): Promise<Scene> {
  const n = ++scenes
  const [ana, bo] = (await tenant.people(`ana-${n}`, `bo-${n}`)) as [Person, Person]
  const conversationId = await tenant.group(ana, bo)
  await tenant.call(ConversationService.method.setMemberRole, { conversationId, userId: bo.id, role: MemberRole.OWNER })
  const { messageId } = await ana.say(conversationId, 'hello')
  return { tenant, ana, bo, conversationId, messageId, clientId }
}

/** Who calls: Ana herself, or an API client. */
export type CallerKind = 'user' | 'client'

/** The kinds of callers that may call an RPC. */
export function callersOf(method: DescMethod): readonly CallerKind[] {
  return accessOf(method) === Access.MEMBER ? ['user', 'client'] : ['client']
}

export function callerOf(method: DescMethod, kind: CallerKind, { tenant, ana }: Scene): RawClient {
  if (accessOf(method) === Access.OPERATOR) return tenant.world.operator
  return kind === 'user' ? ana.client : tenant.client
}

/** A request for any RPC that is answered with OK. A new RPC needs one here. */
export function validRequest(method: DescMethod, kind: CallerKind, scene: Scene): Message {
  const init = requests(kind, scene)[nameOf(method)]
  if (init === undefined) throw new Error(`${nameOf(method)} has no valid request in tests/e2e/support/requests.ts`)
  return create(method.input, init as never)
}

function requests(kind: CallerKind, { tenant, ana, bo, conversationId, messageId, clientId }: Scene): Readonly<Record<string, object>> {
  const from = kind === 'client' ? { from: ana.id } : {}
  const userId = kind === 'client' ? { userId: ana.id } : {}
  const payload = text('hello')
  const message = () => ({ messageId: newId(), conversationId, payload, ...from })
  return {
    'AuthService/CreateToken': { clientId: tenant.credentials.client_id, clientSecret: tenant.credentials.client_secret },
    'AuthService/CreateUserToken': { userId: bo.id },
    'AuthService/RevokeToken': { token: kind === 'client' ? bo.token : ana.token },
    'UserService/UpsertUser': { user: { userId: bo.id } },
    'UserService/BatchUpsertUsers': { users: [{ userId: bo.id }] },
    'UserService/GetUser': { userId: bo.id },
    'UserService/ListUsers': {},
    'UserService/UpdateUser': { user: { userId: ana.id, displayName: 'Ana' } },
    'UserService/DeactivateUser': { userId: bo.id },
    'ConversationService/CreateConversation': { type: ConversationType.GROUP, members: [bo.id], requestId: newId(), ...from },
    'ConversationService/GetConversation': { conversationId, ...userId },
    'ConversationService/ListConversations': { ...userId },
    'ConversationService/UpdateConversation': { conversationId, title: 'A title', updateMask: { paths: ['title'] }, ...from },
    'ConversationService/ListMembers': { conversationId },
    'ConversationService/AddMembers': { conversationId, members: [bo.id], ...from },
    'ConversationService/RemoveMembers': { conversationId, members: [bo.id], ...from },
    'ConversationService/LeaveConversation': { conversationId, ...userId },
    'ConversationService/SetMemberRole': { conversationId, userId: bo.id, role: MemberRole.ADMIN, ...from },
    'MessageService/SendMessage': message(),
    'MessageService/SendStream': { messages: [message()] },
    'MessageService/GetMessage': { messageId },
    'MessageService/ListMessages': { conversationId },
    'MessageService/EditMessage': { messageId, payload, ...from },
    'MessageService/ListMessageEdits': { messageId },
    'MessageService/DeleteMessage': { messageId, ...from },
    'MessageService/AddReaction': { messageId, emoji: '👍', ...from },
    'MessageService/RemoveReaction': { messageId, emoji: '👍', ...from },
    'MessageService/GetMessageStatus': { messageId },
    'MessageService/WatchMessageStatus': { messageId },
    'ReceiptService/MarkReceipts': { marks: [{ conversationId, readThrough: 1n }], ...userId },
    'ReceiptService/ListReceipts': { conversationId },
    'SyncService/ListChanges': { conversationId },
    'SyncService/SyncChanges': { ...userId },
    'SyncService/GetRangeDigest': { conversationId, fromSequence: 1n, toSequence: 1n },
    'LiveService/Subscribe': { ...userId },
    'AdminService/CreateTenant': { tenantId: `new-${newId()}` },
    'AdminService/ListTenants': {},
    'AdminService/CreateApiClient': { name: 'another' },
    'AdminService/ListApiClients': {},
    'AdminService/RotateApiClientSecret': { clientId },
    'AdminService/RevokeApiClient': { clientId },
    'AdminService/RotateSigningKey': {},
    'AdminService/VerifyIntegrity': { tenantId: tenant.tenantId },
  }
}

/** Sets one field of a request by its path. In a repeated field it becomes the only item, or is set on the first one. */
export function setField(message: Message, desc: DescMessage, path: string, value: unknown): void {
  setIn(reflect(desc, message), path.split('.'), value)
}

function setIn(message: ReflectMessage, [name, ...rest]: readonly string[], value: unknown): void {
  const field = message.desc.fields.find((candidate) => candidate.name === name)!
  if (field.fieldKind === 'list') {
    const list = message.get(field) as ReflectList
    if (rest.length > 0) return setIn(list.get(0) as ReflectMessage, rest, value)
    list.clear()
    list.add(value)
  } else if (rest.length === 0) {
    message.set(field, value as never)
  } else {
    const inner = message.get(field) as ReflectMessage
    setIn(inner, rest, value)
    message.set(field, inner)
  }
}
