import { newId } from '@chat4all/base'
import { ConversationType, MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fixture, refuses, startFixture } from './fixture.ts'

const { MEMBER, ADMIN, OWNER } = MemberRole

let fixture: Fixture
let tenantId: string
beforeAll(async () => {
  fixture = await startFixture()
  tenantId = await fixture.newTenant()
  await fixture.client(tenantId).users.batchUpsertUsers({ users: ['ana', 'bob', 'cem', 'dan'].map((userId) => ({ userId })) })
})
afterAll(() => fixture[Symbol.asyncDispose]())

/** A group that ana owns, bob administers, and cem is in. */
const newGroup = async () => {
  const { conversations } = fixture.client(tenantId)
  const { conversation } = await conversations.createConversation({ type: ConversationType.GROUP, members: ['ana', 'bob', 'cem'] })
  const { conversationId } = conversation!
  await conversations.setMemberRole({ conversationId, userId: 'bob', role: ADMIN })
  return conversationId
}
const roles = async (conversationId: string) => {
  const { members } = await fixture.internal.resolveConversation({ tenantId, conversationId })
  return Object.fromEntries(members.map((member) => [member.userId, member.role]))
}
const lastChange = (conversationId: string) => fixture.log.records(conversationId).at(-1)!.kind.value

describe('AddMembers', () => {
  it('adds those who are not there, tells the log and then the gateways', async () => {
    const conversationId = await newGroup()
    const answer = await fixture.user(tenantId, 'bob').conversations.addMembers({ conversationId, members: ['cem', 'dan'] })
    expect(answer).toMatchObject({ added: ['dan'], conversation: { memberCount: 4, view: { userId: 'bob', role: ADMIN } } })
    expect(await roles(conversationId)).toEqual({ ana: OWNER, bob: ADMIN, cem: MEMBER, dan: MEMBER })
    expect(lastChange(conversationId)).toMatchObject({
      kind: { case: 'membersAdded', value: { addedBy: 'bob', members: [{ userId: 'dan', role: MEMBER }] } },
    })
    expect(fixture.gateway.taken.at(-1)!.kind).toMatchObject({ case: 'membership', value: { conversationId, removed: [] } })
  })

  it('raises the member version', async () => {
    const conversationId = await newGroup()
    const before = await fixture.internal.resolveConversation({ tenantId, conversationId })
    await fixture.client(tenantId).conversations.addMembers({ conversationId, members: ['dan'] })
    const after = await fixture.internal.resolveConversation({ tenantId, conversationId })
    expect(after.memberVersion).toBeGreaterThan(before.memberVersion)
  })

  it('writes nothing when all are members, and keeps their roles', async () => {
    const conversationId = await newGroup()
    const records = fixture.log.records(conversationId).length
    const { added } = await fixture.client(tenantId).conversations.addMembers({ conversationId, members: ['ana', 'bob'] })
    expect(added).toEqual([])
    expect(fixture.log.records(conversationId)).toHaveLength(records)
    expect(await roles(conversationId)).toMatchObject({ ana: OWNER, bob: ADMIN })
  })

  it('creates unknown users for API clients only, all or none', async () => {
    const conversationId = await newGroup()
    const unknown = newId()
    const ask = { conversationId, members: ['dan', unknown] }
    await refuses(fixture.user(tenantId, 'ana').conversations.addMembers(ask), 'USER_NOT_FOUND', { user_id: unknown })
    expect(await roles(conversationId)).not.toHaveProperty('dan')
    const { added } = await fixture.client(tenantId).conversations.addMembers({ ...ask, from: 'ana' })
    expect(added).toEqual(['dan', unknown])
  })

  it('refuses deactivated users', async () => {
    const [conversationId, userId] = [await newGroup(), newId()]
    const { users, conversations } = fixture.client(tenantId)
    await users.upsertUser({ user: { userId } })
    await users.deactivateUser({ userId })
    await refuses(conversations.addMembers({ conversationId, members: [userId] }), 'USER_DEACTIVATED', { user_id: userId })
  })

  it('needs the role admin', async () => {
    const conversationId = await newGroup()
    const ask = { conversationId, members: ['dan'] }
    await refuses(fixture.user(tenantId, 'cem').conversations.addMembers(ask), 'ROLE_TOO_LOW', { required_role: 'admin' })
    await refuses(fixture.client(tenantId).conversations.addMembers({ ...ask, from: 'cem' }), 'ROLE_TOO_LOW')
  })

  it('refuses the 1,001st member', async () => {
    const conversationId = await newGroup()
    const { conversations } = fixture.client(tenantId)
    const others = Array.from({ length: 997 }, (_, i) => `m${i}`)
    expect((await conversations.addMembers({ conversationId, members: others })).conversation!.memberCount).toBe(1000)
    await refuses(conversations.addMembers({ conversationId, members: ['dan'] }), 'TOO_MANY_MEMBERS', { limit: '1000' })
    expect((await conversations.addMembers({ conversationId, members: ['m1'] })).added).toEqual([])
  })
})

describe('RemoveMembers', () => {
  it('removes members, skips others, and is acknowledged when every gateway knows', async () => {
    const conversationId = await newGroup()
    const answer = await fixture.user(tenantId, 'bob').conversations.removeMembers({ conversationId, members: ['cem', 'dan'] })
    expect(answer).toMatchObject({ removed: ['cem'], conversation: { memberCount: 2 } })
    expect(await roles(conversationId)).toEqual({ ana: OWNER, bob: ADMIN })
    expect(lastChange(conversationId)).toMatchObject({ kind: { case: 'membersRemoved', value: { userIds: ['cem'], removedBy: 'bob' } } })
    expect(fixture.gateway.taken.at(-1)).toMatchObject({
      tenantId,
      kind: { case: 'membership', value: { conversationId, removed: ['cem', 'dan'] } },
    })
  })

  it('tells the gateways again when it is repeated: the first call may have failed before it did', async () => {
    const conversationId = await newGroup()
    const { conversations } = fixture.client(tenantId)
    await conversations.removeMembers({ conversationId, members: ['cem'] })
    const told = fixture.gateway.told.length
    const { removed } = await conversations.removeMembers({ conversationId, members: ['cem'] })
    expect(removed).toEqual([])
    expect(fixture.gateway.told).toHaveLength(told + 1)
  })

  it('needs the role admin, and owner to remove an admin or owner', async () => {
    const conversationId = await newGroup()
    const remove = (userId: string, member: string) =>
      fixture.user(tenantId, userId).conversations.removeMembers({ conversationId, members: [member] })
    await refuses(remove('cem', 'bob'), 'ROLE_TOO_LOW', { required_role: 'admin' })
    await refuses(remove('bob', 'ana'), 'ROLE_TOO_LOW', { required_role: 'owner' })
    expect((await remove('ana', 'bob')).removed).toEqual(['bob'])
  })

  it('keeps the last owner, whoever asks', async () => {
    const conversationId = await newGroup()
    await refuses(fixture.client(tenantId).conversations.removeMembers({ conversationId, members: ['ana', 'cem'] }), 'LAST_OWNER')
    expect(await roles(conversationId)).toEqual({ ana: OWNER, bob: ADMIN, cem: MEMBER })
  })

  it('shows no view to an owner who removed themselves', async () => {
    const conversationId = await newGroup()
    await fixture.client(tenantId).conversations.setMemberRole({ conversationId, userId: 'bob', role: OWNER })
    const { conversation } = await fixture.user(tenantId, 'ana').conversations.removeMembers({ conversationId, members: ['ana'] })
    expect(conversation!.view).toBeUndefined()
  })
})

describe('LeaveConversation', () => {
  it('removes the caller, or whom an API client names', async () => {
    const conversationId = await newGroup()
    await fixture.user(tenantId, 'cem').conversations.leaveConversation({ conversationId })
    expect(lastChange(conversationId)).toMatchObject({ kind: { case: 'membersRemoved', value: { userIds: ['cem'], removedBy: 'cem' } } })
    expect(fixture.gateway.taken.at(-1)!.kind.value).toMatchObject({ conversationId, removed: ['cem'] })
    await fixture.client(tenantId).conversations.leaveConversation({ conversationId, userId: 'bob' })
    expect(await roles(conversationId)).toEqual({ ana: OWNER })
  })

  it('refuses the last owner, and an API client that names nobody', async () => {
    const conversationId = await newGroup()
    await refuses(fixture.user(tenantId, 'ana').conversations.leaveConversation({ conversationId }), 'LAST_OWNER')
    await refuses(fixture.client(tenantId).conversations.leaveConversation({ conversationId }), 'FIELD_INVALID')
    await refuses(fixture.user(tenantId, 'ana').conversations.leaveConversation({ conversationId, userId: 'bob' }), 'ACCESS_DENIED')
  })
})

describe('SetMemberRole', () => {
  it('gives a role, tells the log and the gateways', async () => {
    const conversationId = await newGroup()
    const { member } = await fixture.user(tenantId, 'ana').conversations.setMemberRole({ conversationId, userId: 'cem', role: OWNER })
    expect(member).toMatchObject({ userId: 'cem', role: OWNER })
    expect(await roles(conversationId)).toMatchObject({ ana: OWNER, cem: OWNER })
    expect(lastChange(conversationId)).toMatchObject({
      kind: { case: 'memberRoleChanged', value: { changedBy: 'ana', member: { userId: 'cem', role: OWNER } } },
    })
    expect(fixture.gateway.taken.at(-1)!.kind.value).toMatchObject({ conversationId })
  })

  it('writes nothing when the member has the role', async () => {
    const conversationId = await newGroup()
    const records = fixture.log.records(conversationId).length
    const { member } = await fixture.client(tenantId).conversations.setMemberRole({ conversationId, userId: 'cem', role: MEMBER })
    expect(member).toMatchObject({ userId: 'cem', role: MEMBER })
    expect(fixture.log.records(conversationId)).toHaveLength(records)
  })

  it('needs the role owner, a member, and an owner who stays', async () => {
    const conversationId = await newGroup()
    const ask = { conversationId, userId: 'cem', role: ADMIN }
    await refuses(fixture.user(tenantId, 'bob').conversations.setMemberRole(ask), 'ROLE_TOO_LOW', { required_role: 'owner' })
    const { conversations } = fixture.user(tenantId, 'ana')
    await refuses(conversations.setMemberRole({ ...ask, userId: 'dan' }), 'MEMBER_NOT_FOUND', { user_id: 'dan' })
    await refuses(conversations.setMemberRole({ ...ask, userId: 'ana' }), 'LAST_OWNER')
  })
})
