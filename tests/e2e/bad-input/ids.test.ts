import { clone, type DescMethod, type Message, toJson } from '@bufbuild/protobuf'
import { newId } from '@chat4all/base'
import { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { ReceiptService } from '@chat4all/gen/chat4all/v1/receipt_service_pb.js'
import { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { METHODS, nameOf, requestFields } from '../support/api.ts'
import { exchange } from '../support/exchange.ts'
import { describe as describeRefusal, metadataOf } from '../support/refusal.ts'
import { type CallerKind, callerOf, callersOf, newScene, type Scene, setField, validRequest } from '../support/requests.ts'
import { type Person, type Tenant, textOf, World } from '../support/world.ts'

/** Fields that hold an id, by their name, and what it is the id of. */
const ID_FIELDS: Readonly<Record<string, Kind>> = {
  conversation_id: 'conversation',
  message_id: 'message',
  reply_to: 'message',
  user_id: 'user',
  from: 'user',
  to: 'user',
  members: 'user',
  mentions: 'user',
  client_id: 'client',
  tenant_id: 'tenant',
}
type Kind = 'conversation' | 'message' | 'user' | 'client' | 'tenant'

const NO_CONVERSATION = 'NOT_FOUND CONVERSATION_NOT_FOUND'
const NO_MESSAGE = 'NOT_FOUND MESSAGE_NOT_FOUND'
const NO_USER = 'NOT_FOUND USER_NOT_FOUND'
const NO_CLIENT = 'NOT_FOUND API_CLIENT_NOT_FOUND'
const NO_TENANT = 'NOT_FOUND TENANT_NOT_FOUND'
const NOT_A_MEMBER = 'PERMISSION_DENIED NOT_A_MEMBER'
const DENIED = 'PERMISSION_DENIED ACCESS_DENIED'
const NO_REPLY = 'FAILED_PRECONDITION REPLY_TARGET_INVALID'

/** What an id answers that is not there, by RPC and field: for a user, then for an API client where that differs. An id of another tenant answers the same.
 *  An RPC that is added with an id needs a row. */
const ROWS: Readonly<Record<string, string | readonly [user: string, client: string]>> = {
  'AuthService/CreateToken client_id': 'UNAUTHENTICATED CREDENTIALS_INVALID',
  'AuthService/CreateUserToken user_id': NO_USER,
  'UserService/UpsertUser user.user_id': 'OK',
  'UserService/BatchUpsertUsers users.user_id': 'OK',
  'UserService/GetUser user_id': NO_USER,
  'UserService/UpdateUser user.user_id': [DENIED, NO_USER],
  'UserService/DeactivateUser user_id': NO_USER,
  'ConversationService/CreateConversation members': [NO_USER, 'OK'],
  'ConversationService/CreateConversation from': [DENIED, 'OK'],
  'ConversationService/GetConversation conversation_id': NO_CONVERSATION,
  'ConversationService/GetConversation user_id': [DENIED, NOT_A_MEMBER],
  'ConversationService/ListConversations user_id': [DENIED, 'OK'],
  'ConversationService/UpdateConversation conversation_id': NO_CONVERSATION,
  'ConversationService/UpdateConversation from': [DENIED, NOT_A_MEMBER],
  'ConversationService/ListMembers conversation_id': NO_CONVERSATION,
  'ConversationService/AddMembers conversation_id': NO_CONVERSATION,
  'ConversationService/AddMembers members': [NO_USER, 'OK'],
  'ConversationService/AddMembers from': [DENIED, NOT_A_MEMBER],
  'ConversationService/RemoveMembers conversation_id': NO_CONVERSATION,
  'ConversationService/RemoveMembers members': 'OK',
  'ConversationService/RemoveMembers from': [DENIED, NOT_A_MEMBER],
  'ConversationService/LeaveConversation conversation_id': NO_CONVERSATION,
  'ConversationService/LeaveConversation user_id': [DENIED, NOT_A_MEMBER],
  'ConversationService/SetMemberRole conversation_id': NO_CONVERSATION,
  'ConversationService/SetMemberRole user_id': 'NOT_FOUND MEMBER_NOT_FOUND',
  'ConversationService/SetMemberRole from': [DENIED, NOT_A_MEMBER],
  'MessageService/SendMessage message_id': 'OK',
  'MessageService/SendMessage conversation_id': NO_CONVERSATION,
  'MessageService/SendMessage to': [NO_USER, 'OK'],
  'MessageService/SendMessage from': [DENIED, NO_USER],
  'MessageService/SendMessage reply_to': NO_REPLY,
  'MessageService/SendMessage mentions': 'OK',
  'MessageService/SendStream messages.message_id': 'OK',
  'MessageService/SendStream messages.conversation_id': NO_CONVERSATION,
  'MessageService/SendStream messages.to': [NO_USER, 'OK'],
  'MessageService/SendStream messages.from': [DENIED, NO_USER],
  'MessageService/SendStream messages.reply_to': NO_REPLY,
  'MessageService/SendStream messages.mentions': 'OK',
  'MessageService/GetMessage message_id': NO_MESSAGE,
  'MessageService/ListMessages conversation_id': NO_CONVERSATION,
  'MessageService/EditMessage message_id': NO_MESSAGE,
  'MessageService/EditMessage from': [DENIED, NOT_A_MEMBER],
  'MessageService/ListMessageEdits message_id': NO_MESSAGE,
  'MessageService/DeleteMessage message_id': NO_MESSAGE,
  'MessageService/DeleteMessage from': [DENIED, NOT_A_MEMBER],
  'MessageService/AddReaction message_id': NO_MESSAGE,
  'MessageService/AddReaction from': [DENIED, NOT_A_MEMBER],
  'MessageService/RemoveReaction message_id': NO_MESSAGE,
  'MessageService/RemoveReaction from': [DENIED, NOT_A_MEMBER],
  'MessageService/GetMessageStatus message_id': NO_MESSAGE,
  'MessageService/WatchMessageStatus message_id': NO_MESSAGE,
  'ReceiptService/MarkReceipts user_id': [DENIED, 'OK'],
  'ReceiptService/MarkReceipts marks.conversation_id': 'OK',
  'ReceiptService/ListReceipts conversation_id': NO_CONVERSATION,
  'SyncService/ListChanges conversation_id': NO_CONVERSATION,
  'SyncService/SyncChanges user_id': [DENIED, 'OK'],
  'SyncService/GetRangeDigest conversation_id': NO_CONVERSATION,
  'LiveService/Subscribe user_id': [DENIED, NO_USER],
  'AdminService/CreateApiClient tenant_id': NO_TENANT,
  'AdminService/ListApiClients tenant_id': NO_TENANT,
  'AdminService/RotateApiClientSecret client_id': NO_CLIENT,
  'AdminService/RevokeApiClient client_id': NO_CLIENT,
  'AdminService/VerifyIntegrity tenant_id': DENIED,
}

/** Names something new, for operators alone: whether it is taken is theirs to know. */
const NOT_A_LOOK_UP = ['AdminService/CreateTenant tenant_id']

/** Ids that no client makes, but that mean something to a bus, a file system, a shell, a terminal or a database. */
const HOSTILE: Readonly<Record<string, string>> = {
  'a star': '*',
  'a greater-than sign': 'a>',
  'a dot': 'a.b',
  'a line break': 'a\r\nb',
  'a trailing line feed': 'ana\n',
  'a NUL': 'a\0b',
  spaces: ' a ',
  '129 characters': 'a'.repeat(129),
  'a path': '../../etc/passwd',
  'a quote': "a'; DROP TABLE users; --",
  'a letter beyond ASCII': 'ána',
}

interface Case {
  readonly method: DescMethod
  readonly path: string
  readonly row: string
  readonly kind: Kind
}

const cases: readonly Case[] = METHODS.flatMap((method) =>
  requestFields(method.input).flatMap(({ path, field }) => {
    const kind = ID_FIELDS[field.name]
    const row = `${nameOf(method)} ${path}`
    return kind === undefined || NOT_A_LOOK_UP.includes(row) ? [] : [{ method, path, row, kind }]
  }),
)

let world: World
let acme: Tenant
let bolt: Tenant
let ours: Scene
let theirs: Scene
beforeAll(async () => {
  world = await World.start()
  acme = await world.tenant()
  bolt = await world.tenant()
  ours = await scene(acme)
  theirs = await scene(bolt)
})
afterAll(() => world[Symbol.asyncDispose]())

async function scene(tenant: Tenant): Promise<Scene> {
  const { apiClient } = await tenant.call(AdminService.method.createApiClient, { name: 'another' })
  return await newScene(tenant, apiClient!.clientId)
}

it('has a row for every id that a request can carry, and no other', () => {
  expect(Object.keys(ROWS).sort()).toEqual(cases.map(({ row }) => row).sort())
})

describe.each(cases)('$row', ({ method, path, row, kind }) => {
  it.each(callersOf(method))('answers a %s the same for an id that is absent and for one of another tenant', async (caller) => {
    const expected = typeof ROWS[row] === 'string' ? ROWS[row] : ROWS[row]![caller === 'user' ? 0 : 1]
    // What is refused changes nothing, so that many can share a scene.
    const here = () => (expected === 'OK' ? scene(acme) : ours)
    const foreign = expected === 'OK' ? await scene(bolt) : theirs
    const absent = await answer(await here(), caller, path, method, absentId(kind))
    expect(absent.outcome).toBe(expected)
    expect(await answer(await here(), caller, path, method, idOf(foreign, kind))).toEqual(absent)
  })

  it('refuses ids that no client makes, and names the field', async () => {
    const caller = callersOf(method)[0]!
    const request = validRequest(method, caller, ours)
    for (const [name, id] of Object.entries(HOSTILE)) {
      const { refusal } = await exchange(callerOf(method, caller, ours), method, withId(method, request, path, id))
      const outcome = refusal === undefined ? 'OK' : describeRefusal(refusal)
      // A client id is any text of at most 128 characters: it is only ever compared.
      if (kind === 'client' && id.length <= 128) expect([name, outcome]).toEqual([name, ROWS[row]])
      else
        expect([name, outcome.replaceAll(/\[\d+\]/g, '')]).toEqual([
          name,
          `INVALID_ARGUMENT FIELD_INVALID ${path.replace(/^messages\./, '')}`,
        ])
    }
  })
})

it('tells of each conversation of a receipt that it is not there', async () => {
  const [ana, eve] = (await acme.people('ana', 'eve')) as [Person, Person]
  const mine = await acme.group(ana)
  const foreign = await scene(bolt)
  const marks = [mine, newId(), foreign.conversationId, await acme.group(eve)].map((conversationId) => ({
    conversationId,
    readThrough: 1n,
  }))
  const { results } = await ana.call(ReceiptService.method.markReceipts, { marks })
  expect(results.map(({ errorReason }) => errorReason)).toEqual(['', 'CONVERSATION_NOT_FOUND', 'CONVERSATION_NOT_FOUND', 'NOT_A_MEMBER'])
})

it('changes nothing in another tenant that has a user, a message and a request of the same id', async () => {
  const foreign = await scene(bolt)
  const { getUser, upsertUser, deactivateUser } = UserService.method
  const before = await bolt.call(getUser, { userId: foreign.bo.id })
  await acme.call(upsertUser, { user: { userId: foreign.bo.id, displayName: 'Not Bo' } })
  await acme.call(deactivateUser, { userId: foreign.bo.id })
  expect(await bolt.call(getUser, { userId: foreign.bo.id })).toEqual(before)
  const [ana] = (await acme.people('ana')) as [Person]
  const mine = await ana.say(await acme.group(ana), 'mine', { messageId: foreign.messageId })
  const { message: theirs } = await bolt.call(MessageService.method.getMessage, { messageId: foreign.messageId })
  expect([textOf(mine), textOf(theirs!)]).toEqual(['mine', 'hello'])
  expect(await foreign.bo.say(foreign.conversationId, 'still there')).toMatchObject({ sequence: 2n })
})

/** What one caller gets for one id, with the id and everything that differs from call to call left out. */
async function answer(here: Scene, caller: CallerKind, path: string, method: DescMethod, id: string) {
  const request = withId(method, validRequest(method, caller, here), path, id)
  const { answers, refusal } = await exchange(callerOf(method, caller, here), method, request)
  return {
    outcome: refusal === undefined ? 'OK' : describeRefusal(refusal),
    message: scrub(refusal?.message, id),
    metadata: scrub(metadataOf(refusal), id),
    answers: refusal === undefined ? answers.map((message) => scrub(toJson(method.output, message), id)) : [],
  }
}

function withId(method: DescMethod, request: Message, path: string, id: string): Message {
  const changed = clone(method.input, request)
  setField(changed, method.input, path, id)
  // A message goes either to a user or to a conversation.
  if (path.split('.').at(-1) === 'to') setField(changed, method.input, path.replace(/to$/, 'conversation_id'), '')
  return changed
}

function scrub(value: unknown, id: string): string {
  return JSON.stringify(value ?? '')
    .replaceAll(id, '<the id>')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<uuid>')
    .replaceAll(/\d{4}-\d\d-\d\dT[0-9:.]+Z/g, '<time>')
    .replaceAll(/"(cursor|clientSecret|accessToken)":"[^"]*"/g, '"$1":"<opaque>"')
    .replaceAll(/(ana|bo)-\d+/g, '$1')
}

function absentId(kind: Kind): string {
  return kind === 'user' ? `nobody-${newId()}` : kind === 'tenant' ? 'no-such-tenant' : newId()
}

function idOf({ tenant, bo, conversationId, messageId, clientId }: Scene, kind: Kind): string {
  return { conversation: conversationId, message: messageId, user: bo.id, client: clientId, tenant: tenant.tenantId }[kind]
}
