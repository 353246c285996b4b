import { clone, create } from '@bufbuild/protobuf'
import { newId } from '@chat4all/base'
import { Access } from '@chat4all/gen/chat4all/v1/access_pb.js'
import { AdminService, ApiClientRole } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { ConversationType, MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { SyncService } from '@chat4all/gen/chat4all/v1/sync_service_pb.js'
import { UserState } from '@chat4all/gen/chat4all/v1/user_pb.js'
import { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessOf, METHODS, nameOf, requestFields } from '../support/api.ts'
import { outcome } from '../support/exchange.ts'
import { Live } from '../support/live.ts'
import { failureOf, metadataOf, refused } from '../support/refusal.ts'
import { newScene, type Scene, setField, validRequest } from '../support/requests.ts'
import { leavesNoTrace, type Person, type Tenant, text, World } from '../support/world.ts'

const DENIED = 'PERMISSION_DENIED ACCESS_DENIED'
const NOT_A_MEMBER = 'PERMISSION_DENIED NOT_A_MEMBER'
const TOO_LOW = 'PERMISSION_DENIED ROLE_TOO_LOW'
const LAST_OWNER = 'FAILED_PRECONDITION LAST_OWNER'
const PRIVATE = 'FAILED_PRECONDITION CONVERSATION_IS_PRIVATE'

const {
  addMembers,
  createConversation,
  getConversation,
  leaveConversation,
  listMembers,
  removeMembers,
  setMemberRole,
  updateConversation,
} = ConversationService.method
const { sendMessage, deleteMessage, editMessage } = MessageService.method
const { upsertUser, deactivateUser, updateUser, getUser } = UserService.method

let world: World
let acme: Tenant
let scene: Scene
let ana: Person
let bo: Person
let cleo: Person
let eve: Person
beforeAll(async () => {
  world = await World.start()
  acme = await world.tenant()
  scene = await newScene(acme, acme.credentials.client_id)
  ;[ana, bo, cleo, eve] = (await acme.people('ana', 'bo', 'cleo', 'eve')) as [Person, Person, Person, Person]
})
afterAll(() => world[Symbol.asyncDispose]())

async function rolesOf(conversationId: string): Promise<Record<string, MemberRole>> {
  const { members } = await acme.call(listMembers, { conversationId, pageSize: 200 })
  return Object.fromEntries(members.map(({ userId, role }) => [userId, role]))
}

describe('the kind of caller', () => {
  it.each(
    METHODS.filter((method) => [Access.CLIENT, Access.OPERATOR].includes(accessOf(method))).map(
      (method) => [nameOf(method), method] as const,
    ),
  )('%s is not for users', async (_name, method) => {
    expect(await outcome(scene.ana.client, method, validRequest(method, 'client', scene))).toBe(DENIED)
  })

  it.each(METHODS.filter((method) => accessOf(method) === Access.OPERATOR).map((method) => [nameOf(method), method] as const))(
    '%s is for operators alone',
    async (_name, method) => {
      expect(await outcome(acme.client, method, validRequest(method, 'client', scene))).toBe(DENIED)
    },
  )

  /** RPCs that an API client calls for somebody it must name, and the field that names them. */
  const actors: Readonly<Record<string, string>> = {
    'ConversationService/ListConversations': 'user_id',
    'ConversationService/LeaveConversation': 'user_id',
    'MessageService/SendMessage': 'from',
    'MessageService/SendStream': 'from',
    'MessageService/EditMessage': 'from',
    'MessageService/AddReaction': 'from',
    'MessageService/RemoveReaction': 'from',
    'ReceiptService/MarkReceipts': 'user_id',
    'SyncService/SyncChanges': 'user_id',
    'LiveService/Subscribe': 'user_id',
  }
  it.each(Object.entries(actors))('%s asks an API client for %s', async (rpc, field) => {
    const method = METHODS.find((candidate) => nameOf(candidate) === rpc)!
    const request = clone(method.input, validRequest(method, 'client', scene))
    setField(request, method.input, rpc === 'MessageService/SendStream' ? 'messages.from' : field, '')
    const here = rpc === 'MessageService/SendStream' || rpc === 'MessageService/SendMessage' ? scene : undefined
    const call = () => outcome(acme.client, method, request)
    expect(await (here ? leavesNoTrace(here.ana, here.conversationId, call) : call())).toBe(`INVALID_ARGUMENT FIELD_INVALID ${field}`)
  })

  /** In every other RPC that has such a field, nobody named means the API client itself. */
  it('may act for nobody only where that makes sense', async () => {
    const others = METHODS.filter((method) => accessOf(method) === Access.MEMBER && !(nameOf(method) in actors)).filter((method) =>
      requestFields(method.input).some(({ path }) => path === 'from'),
    )
    expect(others.map(nameOf)).toEqual([
      'ConversationService/CreateConversation',
      'ConversationService/UpdateConversation',
      'ConversationService/AddMembers',
      'ConversationService/RemoveMembers',
      'ConversationService/SetMemberRole',
      'MessageService/DeleteMessage',
    ])
    for (const method of others) {
      const fresh = await newScene(acme, acme.credentials.client_id)
      const request = clone(method.input, validRequest(method, 'client', fresh))
      setField(request, method.input, 'from', '')
      expect([nameOf(method), await outcome(acme.client, method, request)]).toEqual([nameOf(method), 'OK'])
    }
  })

  it('a user may change only their own profile', async () => {
    const before = await acme.call(getUser, { userId: 'bo' })
    expect(await refused(ana.call(updateUser, { user: { userId: 'bo', displayName: 'No Bo' } }))).toBe(DENIED)
    expect(await acme.call(getUser, { userId: 'bo' })).toEqual(before)
  })
})

describe('an API client that is no operator', () => {
  it('manages its own tenant and nothing else', async () => {
    const bolt = await world.tenant()
    const { createApiClient, listApiClients, rotateApiClientSecret, revokeApiClient, verifyIntegrity } = AdminService.method
    const theirs = bolt.credentials.client_id
    expect(await refused(acme.call(createApiClient, { tenantId: bolt.tenantId }))).toBe('NOT_FOUND TENANT_NOT_FOUND')
    expect(await refused(acme.call(listApiClients, { tenantId: bolt.tenantId }))).toBe('NOT_FOUND TENANT_NOT_FOUND')
    expect(await refused(acme.call(rotateApiClientSecret, { clientId: theirs }))).toBe('NOT_FOUND API_CLIENT_NOT_FOUND')
    expect(await refused(acme.call(revokeApiClient, { clientId: theirs }))).toBe('NOT_FOUND API_CLIENT_NOT_FOUND')
    expect(await refused(acme.call(createApiClient, { role: ApiClientRole.OPERATOR }))).toBe(DENIED)
    expect(await outcome(acme.client, verifyIntegrity, create(verifyIntegrity.input, { tenantId: bolt.tenantId }))).toBe(DENIED)
    expect(await refused(acme.call(createApiClient, { tenantId: acme.tenantId }))).toBe('OK')
    expect(await refused(bolt.call(listApiClients, {}))).toBe('OK')
  })

  it('does not manage an operator of its own tenant', async () => {
    const { createApiClient, rotateApiClientSecret, revokeApiClient } = AdminService.method
    const { apiClient } = await world.operator.call(createApiClient, { tenantId: acme.tenantId, role: ApiClientRole.OPERATOR })
    expect(await refused(acme.call(rotateApiClientSecret, { clientId: apiClient!.clientId }))).toBe(DENIED)
    expect(await refused(acme.call(revokeApiClient, { clientId: apiClient!.clientId }))).toBe(DENIED)
  })

  it('cannot make a tenant with a taken or an impossible name, not even as an operator', async () => {
    const { createTenant } = AdminService.method
    expect(await refused(world.operator.call(createTenant, { tenantId: acme.tenantId }))).toBe('ALREADY_EXISTS TENANT_EXISTS')
    for (const tenantId of ['', '-a', 'a-', 'A', 'a.b', '*', '>', 'a'.repeat(64), 'a\n', '../a'])
      expect(await refused(world.operator.call(createTenant, { tenantId }))).toBe('INVALID_ARGUMENT FIELD_INVALID tenant_id')
  })
})

describe('somebody who is not a member', () => {
  /** Everything that is about a conversation or one of its messages. */
  const guarded = METHODS.filter(
    (method) =>
      accessOf(method) === Access.MEMBER &&
      requestFields(method.input).some(({ path }) => /^(messages\.)?(conversation_id|message_id)$/.test(path)),
  )

  it.each(guarded.map((method) => [nameOf(method), method] as const))('is refused by %s', async (_name, method) => {
    const call = () => outcome(eve.client, method, validRequest(method, 'user', scene))
    expect(await leavesNoTrace(scene.ana, scene.conversationId, call)).toBe(NOT_A_MEMBER)
  })

  it('is told which conversation it is', async () => {
    const { conversationId } = scene
    expect(metadataOf(await failureOf(eve.call(getConversation, { conversationId })))).toEqual({ conversation_id: conversationId })
  })

  it('cannot be acted for by an API client either', async () => {
    const { conversationId } = scene
    for (const from of [eve.id]) {
      const call = () => refused(acme.call(sendMessage, { conversationId, from, payload: text('not a member') }))
      expect(await leavesNoTrace(scene.ana, conversationId, call)).toBe(NOT_A_MEMBER)
    }
  })
})

describe('roles', () => {
  it('an ordinary member may not change the group, and nothing changes', async () => {
    const group = await acme.group(ana, bo, cleo)
    const roles = await rolesOf(group)
    const calls = {
      title: () => bo.call(updateConversation, { conversationId: group, title: 'Mine', updateMask: { paths: ['title'] } }),
      metadata: () => bo.call(updateConversation, { conversationId: group, metadata: { a: 'b' }, updateMask: { paths: ['metadata'] } }),
      add: () => bo.call(addMembers, { conversationId: group, members: [eve.id] }),
      remove: () => bo.call(removeMembers, { conversationId: group, members: [cleo.id] }),
      role: () => bo.call(setMemberRole, { conversationId: group, userId: bo.id, role: MemberRole.OWNER }),
    }
    for (const [name, call] of Object.entries(calls)) expect([name, await refused(call())]).toEqual([name, TOO_LOW])
    const { conversation } = await ana.call(getConversation, { conversationId: group })
    expect(conversation).toMatchObject({ title: '', metadata: {}, memberCount: 3, revision: 1n })
    expect(await rolesOf(group)).toEqual(roles)
    expect(metadataOf(await failureOf(bo.call(addMembers, { conversationId: group, members: [eve.id] })))).toEqual({
      required_role: 'admin',
    })
    expect(await refused(acme.call(addMembers, { conversationId: group, members: [eve.id], from: bo.id }))).toBe(TOO_LOW)
  })

  it('an admin may not touch admins and owners, nor give roles', async () => {
    const group = await acme.group(ana, bo, cleo)
    for (const userId of [bo.id, cleo.id]) await ana.call(setMemberRole, { conversationId: group, userId, role: MemberRole.ADMIN })
    const roles = await rolesOf(group)
    expect(await refused(bo.call(removeMembers, { conversationId: group, members: [cleo.id] }))).toBe(TOO_LOW)
    expect(await refused(bo.call(removeMembers, { conversationId: group, members: [ana.id] }))).toBe(TOO_LOW)
    const promote = bo.call(setMemberRole, { conversationId: group, userId: bo.id, role: MemberRole.OWNER })
    expect(metadataOf(await failureOf(promote))).toEqual({ required_role: 'owner' })
    expect(await refused(promote)).toBe(TOO_LOW)
    expect(await rolesOf(group)).toEqual(roles)
  })

  it('the last owner can neither leave nor be removed nor be demoted, by anybody', async () => {
    const group = await acme.group(ana, bo)
    const member = MemberRole.MEMBER
    expect(await refused(ana.call(leaveConversation, { conversationId: group }))).toBe(LAST_OWNER)
    expect(await refused(ana.call(removeMembers, { conversationId: group, members: [ana.id] }))).toBe(LAST_OWNER)
    expect(await refused(ana.call(removeMembers, { conversationId: group, members: [ana.id, bo.id] }))).toBe(LAST_OWNER)
    expect(await refused(ana.call(setMemberRole, { conversationId: group, userId: ana.id, role: member }))).toBe(LAST_OWNER)
    expect(await refused(acme.call(leaveConversation, { conversationId: group, userId: ana.id }))).toBe(LAST_OWNER)
    expect(await refused(acme.call(removeMembers, { conversationId: group, members: [ana.id] }))).toBe(LAST_OWNER)
    expect(await refused(acme.call(setMemberRole, { conversationId: group, userId: ana.id, role: member }))).toBe(LAST_OWNER)
    expect(await rolesOf(group)).toEqual({ ana: MemberRole.OWNER, bo: MemberRole.MEMBER })
    await ana.call(setMemberRole, { conversationId: group, userId: bo.id, role: MemberRole.OWNER })
    expect(await refused(ana.call(leaveConversation, { conversationId: group }))).toBe('OK')
    expect(await refused(bo.call(leaveConversation, { conversationId: group }))).toBe(LAST_OWNER)
  })

  it('two owners who leave at once do not leave the group without one', async () => {
    const group = await acme.group(ana, bo)
    await ana.call(setMemberRole, { conversationId: group, userId: bo.id, role: MemberRole.OWNER })
    const outcomes = await Promise.all([ana, bo].map((person) => refused(person.call(leaveConversation, { conversationId: group }))))
    expect(outcomes.sort()).toEqual([LAST_OWNER, 'OK'])
    expect(Object.values(await rolesOf(group))).toEqual([MemberRole.OWNER])
  })

  it('in a private conversation nothing about members can change', async () => {
    const conversationId = await acme.pair(ana, bo)
    expect(await refused(ana.call(addMembers, { conversationId, members: [cleo.id] }))).toBe(PRIVATE)
    expect(await refused(ana.call(removeMembers, { conversationId, members: [bo.id] }))).toBe(PRIVATE)
    expect(await refused(ana.call(leaveConversation, { conversationId }))).toBe(PRIVATE)
    expect(await refused(ana.call(setMemberRole, { conversationId, userId: bo.id, role: MemberRole.OWNER }))).toBe(PRIVATE)
    expect(await refused(ana.call(updateConversation, { conversationId, title: 'Us', updateMask: { paths: ['title'] } }))).toBe(PRIVATE)
    expect(await refused(acme.call(addMembers, { conversationId, members: [cleo.id] }))).toBe(PRIVATE)
    expect(await rolesOf(conversationId)).toEqual({ ana: MemberRole.MEMBER, bo: MemberRole.MEMBER })
  })

  it('only the sender edits, and only the sender and those who run the group delete', async () => {
    const group = await acme.group(ana, bo, cleo)
    const { messageId } = await cleo.say(group, 'mine')
    const payload = text('changed')
    expect(await refused(ana.call(editMessage, { messageId, payload }))).toBe('PERMISSION_DENIED NOT_THE_SENDER')
    expect(await refused(bo.call(deleteMessage, { messageId }))).toBe('PERMISSION_DENIED NOT_THE_SENDER')
    expect(await refused(acme.call(editMessage, { messageId, payload, from: ana.id }))).toBe('PERMISSION_DENIED NOT_THE_SENDER')
    expect((await cleo.call(MessageService.method.getMessage, { messageId })).message).toMatchObject({ revision: 2n })
    expect(await refused(ana.call(deleteMessage, { messageId }))).toBe('OK')
    expect(await refused(cleo.call(editMessage, { messageId, payload }))).toBe('FAILED_PRECONDITION MESSAGE_DELETED')
    expect(await refused(cleo.call(MessageService.method.addReaction, { messageId, emoji: '👍' }))).toBe(
      'FAILED_PRECONDITION MESSAGE_DELETED',
    )
  })
})

describe('members', () => {
  const many = (count: number, prefix: string) => Array.from({ length: count }, (_, i) => `${prefix}-${i}`)

  it('there are at most 1,000, however they come', async () => {
    const full = { type: ConversationType.GROUP, members: many(1000, 'm') }
    const { conversation } = await acme.call(createConversation, full)
    const conversationId = conversation!.conversationId
    expect(conversation?.memberCount).toBe(1000)
    const tooMany = await failureOf(acme.call(addMembers, { conversationId, members: ['m-1000'] }))
    expect(metadataOf(tooMany)).toEqual({ limit: '1000' })
    expect(await refused(acme.call(addMembers, { conversationId, members: ['m-1000'] }))).toBe('FAILED_PRECONDITION TOO_MANY_MEMBERS')
    expect(await refused(acme.call(addMembers, { conversationId, members: ['m-0', 'm-999'] }))).toBe('OK')
    expect(await refused(acme.call(getUser, { userId: 'm-1000' }))).toBe('NOT_FOUND USER_NOT_FOUND')
    const { conversation: now } = await acme.call(getConversation, { conversationId })
    expect(now).toMatchObject({ memberCount: 1000, revision: 1n })

    expect(await refused(acme.call(createConversation, { ...full, members: many(1001, 'n') }))).toBe(
      'INVALID_ARGUMENT FIELD_INVALID members',
    )
    expect(await refused(acme.call(createConversation, { ...full, members: many(1000, 'n'), from: 'n-1000' }))).toBe(
      'FAILED_PRECONDITION TOO_MANY_MEMBERS',
    )
    expect(await refused(acme.call(getUser, { userId: 'n-0' }))).toBe('NOT_FOUND USER_NOT_FOUND')
    expect(await refused(acme.call(addMembers, { conversationId, members: many(1001, 'n') }))).toBe(
      'INVALID_ARGUMENT FIELD_INVALID members',
    )
  })

  it('are all added, or none', async () => {
    const group = await acme.group(ana)
    expect(await refused(ana.call(addMembers, { conversationId: group, members: [bo.id, 'nobody', cleo.id] }))).toBe(
      'NOT_FOUND USER_NOT_FOUND',
    )
    expect(await rolesOf(group)).toEqual({ ana: MemberRole.OWNER })
  })

  it('of a new conversation must fit its type, and be there', async () => {
    const create = (by: Pick<Person, 'call'>, type: ConversationType, members: string[], more: object = {}) =>
      refused(by.call(createConversation, { type, members, ...more }))
    const MEMBERS = 'INVALID_ARGUMENT FIELD_INVALID members'
    const { PRIVATE, GROUP, UNSPECIFIED } = ConversationType
    expect(await create(ana, PRIVATE, [])).toBe(MEMBERS)
    expect(await create(ana, PRIVATE, ['ana'])).toBe(MEMBERS)
    expect(await create(ana, PRIVATE, ['bo', 'cleo'])).toBe(MEMBERS)
    expect(await create(ana, PRIVATE, ['bo', 'bo'])).toBe(MEMBERS)
    expect(await create(ana, PRIVATE, ['bo'], { title: 'Us' })).toBe('INVALID_ARGUMENT FIELD_INVALID title')
    expect(await create(acme, GROUP, [])).toBe(MEMBERS)
    expect(await create(ana, UNSPECIFIED, ['bo'])).toBe('INVALID_ARGUMENT FIELD_INVALID type')
    expect(await create(ana, GROUP, ['bo', 'nobody'])).toBe('NOT_FOUND USER_NOT_FOUND')
    expect(await create(ana, GROUP, ['bo'], { from: 'bo' })).toBe(DENIED)
  })
})

describe('a deactivated user', () => {
  it('gets no token, is refused everywhere, and cannot be written to anew', async () => {
    const [dora, fred] = (await acme.people('dora', 'fred')) as [Person, Person]
    const group = await acme.group(ana, dora)
    await acme.call(deactivateUser, { userId: 'dora' })
    expect(await refused(dora.call(sendMessage, { conversationId: group, payload: text('hi') }))).toBe('UNAUTHENTICATED TOKEN_INVALID')
    const deactivated = 'FAILED_PRECONDITION USER_DEACTIVATED'
    expect(await refused(acme.call(AuthService.method.createUserToken, { userId: 'dora' }))).toBe(deactivated)
    const asDora = () => refused(acme.call(sendMessage, { conversationId: group, from: 'dora', payload: text('hi') }))
    expect(await leavesNoTrace(ana, group, asDora)).toBe(deactivated)
    expect(await refused(fred.call(sendMessage, { to: 'dora', payload: text('hi') }))).toBe(deactivated)
    expect(await refused(acme.call(sendMessage, { to: 'fred', from: 'dora', payload: text('hi') }))).toBe(deactivated)
    expect(await refused(fred.call(createConversation, { type: ConversationType.GROUP, members: ['dora'] }))).toBe(deactivated)
    expect(await refused(ana.call(addMembers, { conversationId: await acme.group(ana), members: ['dora'] }))).toBe(deactivated)
    expect(await refused(Live.open(acme.client, '', 'dora'))).toBe(deactivated)
    expect(metadataOf(await failureOf(acme.call(AuthService.method.createUserToken, { userId: 'dora' })))).toEqual({ user_id: 'dora' })
    expect(await acme.call(getUser, { userId: 'dora' })).toMatchObject({ user: { state: UserState.DEACTIVATED } })
  })

  it('stays a member, and is back after an upsert', async () => {
    const [gina] = (await acme.people('gina')) as [Person]
    const group = await acme.group(ana, gina)
    await acme.call(deactivateUser, { userId: 'gina' })
    expect(Object.keys(await rolesOf(group))).toEqual(['ana', 'gina'])
    await ana.say(group, 'while she was away')
    await acme.call(upsertUser, { user: { userId: 'gina' } })
    const back = await acme.person('gina')
    expect(await back.say(group, 'back')).toMatchObject({ sequence: 2n })
  })

  it('that never was is not found', async () => {
    expect(await refused(acme.call(deactivateUser, { userId: 'never' }))).toBe('NOT_FOUND USER_NOT_FOUND')
    expect(await refused(acme.call(updateUser, { user: { userId: 'never' } }))).toBe('NOT_FOUND USER_NOT_FOUND')
  })
})

it('upserts all users of a batch or none', async () => {
  const { batchUpsertUsers } = UserService.method
  const users = (...ids: string[]) => ids.map((userId) => ({ userId }))
  expect(await refused(acme.call(batchUpsertUsers, { users: users('z-1', 'z 2') }))).toBe('INVALID_ARGUMENT FIELD_INVALID users[1].user_id')
  expect(await refused(acme.call(batchUpsertUsers, { users: users('z-1', 'z-1') }))).toBe('INVALID_ARGUMENT FIELD_INVALID users')
  expect(await refused(acme.call(batchUpsertUsers, { users: [] }))).toBe('INVALID_ARGUMENT FIELD_INVALID users')
  const tooMany = users(...Array.from({ length: 101 }, (_, i) => `z-${i}`))
  expect(await refused(acme.call(batchUpsertUsers, { users: tooMany }))).toBe('INVALID_ARGUMENT FIELD_INVALID users')
  expect(await refused(acme.call(getUser, { userId: 'z-1' }))).toBe('NOT_FOUND USER_NOT_FOUND')
})

it('tells an API client that asks for nobody no view, and one that asks for a member theirs', async () => {
  const group = await acme.group(ana, bo)
  expect((await acme.call(getConversation, { conversationId: group })).conversation?.view).toBeUndefined()
  expect((await acme.call(getConversation, { conversationId: group, userId: 'bo' })).conversation?.view).toMatchObject({ userId: 'bo' })
  expect(await refused(acme.call(SyncService.method.listChanges, { conversationId: newId() }))).toBe('NOT_FOUND CONVERSATION_NOT_FOUND')
})
