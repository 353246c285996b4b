import { newId } from '@chat4all/base'
import { ConversationType, MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fixture, refuses, startFixture } from './fixture.ts'

const { PRIVATE, GROUP } = ConversationType

let fixture: Fixture
let tenantId: string
beforeAll(async () => {
  fixture = await startFixture()
  tenantId = await fixture.newTenant()
  await fixture.client(tenantId).users.batchUpsertUsers({ users: ['ana', 'bob', 'cem'].map((userId) => ({ userId })) })
})
afterAll(() => fixture[Symbol.asyncDispose]())

const newGroup = async (members: readonly string[] = ['ana', 'bob']) => {
  const { conversation } = await fixture
    .client(tenantId)
    .conversations.createConversation({ type: GROUP, title: 'Team', members: [...members] })
  return conversation!.conversationId
}
const newPrivate = async () => {
  const { conversation } = await fixture.client(tenantId).conversations.createConversation({ type: PRIVATE, members: [newId(), newId()] })
  return conversation!.conversationId
}
const roles = async (conversationId: string) => {
  const { members } = await fixture.client(tenantId).conversations.listMembers({ conversationId })
  return Object.fromEntries(members.map((member) => [member.userId, member.role]))
}

describe('CreateConversation', () => {
  it('creates a group that the calling user owns, and writes it to the log', async () => {
    const ask = { type: GROUP, title: 'Team', metadata: { k: 'v' }, members: ['bob'] }
    const { conversation, created } = await fixture.user(tenantId, 'ana').conversations.createConversation(ask)
    expect(created).toBe(true)
    expect(conversation).toMatchObject({
      type: GROUP,
      title: 'Team',
      metadata: { k: 'v' },
      memberCount: 2,
      view: { userId: 'ana', role: MemberRole.OWNER },
    })
    const { conversationId } = conversation!
    expect(await roles(conversationId)).toEqual({ ana: MemberRole.OWNER, bob: MemberRole.MEMBER })
    const [record] = fixture.log.records(conversationId)
    expect(record).toMatchObject({ schemaVersion: 1, tenantId, conversationId })
    expect(record!.kind.value).toMatchObject({
      kind: {
        case: 'created',
        value: {
          type: GROUP,
          title: 'Team',
          metadata: { k: 'v' },
          createdBy: 'ana',
          members: [
            { userId: 'ana', role: MemberRole.OWNER },
            { userId: 'bob', role: MemberRole.MEMBER },
          ],
        },
      },
    })
    const [entry] = fixture.log.appended.filter(({ record: { conversationId: id } }) => id === conversationId)
    expect(entry!.record.key).toMatch(new RegExp(`^${tenantId}:c:`))
    expect(entry!.partition).toBe((await fixture.internal.resolveConversation({ tenantId, conversationId })).partition)
  })

  it('gives an API client a group that the first member or `from` owns, and creates unknown users', async () => {
    const [one, other] = [newId(), newId()]
    const { conversations, users } = fixture.client(tenantId)
    const first = await conversations.createConversation({ type: GROUP, members: [one, other] })
    expect(first.conversation!.view).toBeUndefined()
    expect(await roles(first.conversation!.conversationId)).toEqual({ [one]: MemberRole.OWNER, [other]: MemberRole.MEMBER })
    expect((await users.getUser({ userId: one })).user).toMatchObject({ userId: one, displayName: '' })
    const named = await conversations.createConversation({ type: GROUP, members: [one], from: other })
    expect(named.conversation!.view).toMatchObject({ userId: other, role: MemberRole.OWNER })
  })

  it('opens one private conversation per pair, whoever asks', async () => {
    const first = await fixture.user(tenantId, 'ana').conversations.createConversation({ type: PRIVATE, members: ['bob'] })
    expect(first).toMatchObject({ created: true, conversation: { memberCount: 2, view: { role: MemberRole.MEMBER } } })
    const again = await fixture.user(tenantId, 'bob').conversations.createConversation({ type: PRIVATE, members: ['ana', 'bob'] })
    expect(again.created).toBe(false)
    expect(again.conversation!.conversationId).toBe(first.conversation!.conversationId)
    expect(fixture.log.changes(first.conversation!.conversationId)).toEqual(['created'])
  })

  it('opens one private conversation when both ask at the same time', async () => {
    const [one, other] = [newId(), newId()]
    const { conversations } = fixture.client(tenantId)
    const asks = Array.from({ length: 10 }, (_, i) => (i % 2 ? [one, other] : [other, one]))
    const answers = await Promise.all(asks.map((members) => conversations.createConversation({ type: PRIVATE, members })))
    expect(new Set(answers.map((answer) => answer.conversation!.conversationId)).size).toBe(1)
    expect(answers.filter((answer) => answer.created)).toHaveLength(1)
  })

  it('returns the first answer when a request id is repeated, at the same time or later', async () => {
    const ask = { type: GROUP, title: 'Once', members: ['bob', 'cem'], metadata: { a: '1', b: '2' }, requestId: newId() }
    const { conversations } = fixture.user(tenantId, 'ana')
    const answers = await Promise.all([1, 2, 3].map(() => conversations.createConversation(ask)))
    answers.push(await conversations.createConversation({ ...ask, metadata: { b: '2', a: '1' } }))
    expect(new Set(answers.map((answer) => answer.conversation!.conversationId)).size).toBe(1)
    expect(answers.filter((answer) => answer.created)).toHaveLength(1)
  })

  it('refuses a request id that asks for something else, and keeps those of two callers apart', async () => {
    const ask = { type: GROUP, members: ['ana', 'bob'], requestId: newId() }
    const { conversations } = fixture.client(tenantId)
    const first = await conversations.createConversation(ask)
    await refuses(conversations.createConversation({ ...ask, title: 'Other' }), 'IDEMPOTENCY_KEY_REUSED')
    await refuses(conversations.createConversation({ ...ask, members: ['bob', 'ana'] }), 'IDEMPOTENCY_KEY_REUSED')
    const others = await fixture.client(tenantId, 'other').conversations.createConversation(ask)
    expect(others.conversation!.conversationId).not.toBe(first.conversation!.conversationId)
  })

  it('refuses users whom a user names and nobody knows', async () => {
    const unknown = newId()
    const { conversations } = fixture.user(tenantId, 'ana')
    await refuses(conversations.createConversation({ type: GROUP, members: [unknown] }), 'USER_NOT_FOUND', { user_id: unknown })
    await refuses(conversations.createConversation({ type: PRIVATE, members: [unknown] }), 'USER_NOT_FOUND', { user_id: unknown })
    await refuses(fixture.client(tenantId).users.getUser({ userId: unknown }), 'USER_NOT_FOUND')
  })

  it('refuses deactivated users', async () => {
    const userId = newId()
    const { users, conversations } = fixture.client(tenantId)
    await users.upsertUser({ user: { userId } })
    await users.deactivateUser({ userId })
    await refuses(conversations.createConversation({ type: GROUP, members: ['ana', userId] }), 'USER_DEACTIVATED', { user_id: userId })
  })

  it.each([
    ['a private conversation of one', { type: PRIVATE, members: ['ana'], from: 'ana' }, 'FIELD_INVALID'],
    ['a private conversation of three', { type: PRIVATE, members: ['ana', 'bob', 'cem'] }, 'FIELD_INVALID'],
    ['a private conversation with a title', { type: PRIVATE, members: ['ana', 'cem'], title: 'x' }, 'FIELD_INVALID'],
    ['a group of nobody', { type: GROUP }, 'FIELD_INVALID'],
    ['a group of 1,001', { type: GROUP, members: Array.from({ length: 1000 }, (_, i) => `m${i}`), from: 'ana' }, 'TOO_MANY_MEMBERS'],
  ] as const)('refuses %s', async (_, ask, reason) => {
    const members = 'members' in ask ? [...ask.members] : []
    await refuses(fixture.client(tenantId).conversations.createConversation({ ...ask, members }), reason)
  })

  it('creates a group of 1,000', async () => {
    const members = Array.from({ length: 1000 }, (_, i) => `m${i}`)
    const { conversation } = await fixture.client(tenantId).conversations.createConversation({ type: GROUP, members })
    expect(conversation!.memberCount).toBe(1000)
  })

  it('lets users act only as themselves', async () => {
    const { conversations } = fixture.user(tenantId, 'ana')
    await refuses(conversations.createConversation({ type: GROUP, from: 'bob' }), 'ACCESS_DENIED')
    expect((await conversations.createConversation({ type: GROUP, from: 'ana' })).created).toBe(true)
  })
})

describe('GetConversation', () => {
  it('shows a conversation with the role of the user who asks', async () => {
    const conversationId = await newGroup()
    const bob = await fixture.user(tenantId, 'bob').conversations.getConversation({ conversationId })
    expect(bob.conversation).toMatchObject({ conversationId, title: 'Team', view: { userId: 'bob', role: MemberRole.MEMBER } })
    const { conversations } = fixture.client(tenantId)
    expect((await conversations.getConversation({ conversationId })).conversation!.view).toBeUndefined()
    const named = await conversations.getConversation({ conversationId: conversationId.toUpperCase(), userId: 'ana' })
    expect(named.conversation!.view!.role).toBe(MemberRole.OWNER)
  })

  it('hides it from strangers', async () => {
    const conversationId = await newGroup()
    const metadata = { conversation_id: conversationId }
    await refuses(fixture.user(tenantId, 'cem').conversations.getConversation({ conversationId }), 'NOT_A_MEMBER', metadata)
    await refuses(fixture.client(tenantId).conversations.getConversation({ conversationId, userId: 'cem' }), 'NOT_A_MEMBER', metadata)
    await refuses(fixture.user(tenantId, 'ana').conversations.getConversation({ conversationId, userId: 'bob' }), 'ACCESS_DENIED')
  })
})

describe('every RPC about a conversation', () => {
  it('answers the same to an unknown id and to one of another tenant', async () => {
    const other = fixture.client(await fixture.newTenant()).conversations
    for (const conversationId of [newId(), await newGroup()]) {
      await refuses(other.getConversation({ conversationId }), 'CONVERSATION_NOT_FOUND')
      await refuses(other.updateConversation({ conversationId, updateMask: { paths: ['title'] } }), 'CONVERSATION_NOT_FOUND')
      await refuses(other.listMembers({ conversationId }), 'CONVERSATION_NOT_FOUND')
      await refuses(other.addMembers({ conversationId, members: ['x'] }), 'CONVERSATION_NOT_FOUND')
      await refuses(other.removeMembers({ conversationId, members: ['ana'] }), 'CONVERSATION_NOT_FOUND')
      await refuses(other.leaveConversation({ conversationId, userId: 'ana' }), 'CONVERSATION_NOT_FOUND')
      await refuses(other.setMemberRole({ conversationId, userId: 'ana', role: MemberRole.ADMIN }), 'CONVERSATION_NOT_FOUND')
      expect((await fixture.internal.resolveConversation({ tenantId: await fixture.newTenant(), conversationId })).found).toBe(false)
    }
  })

  it('tells users of the tenant that they are no members', async () => {
    const conversationId = await newGroup()
    const { conversations } = fixture.user(tenantId, 'cem')
    await refuses(conversations.updateConversation({ conversationId, updateMask: { paths: ['title'] } }), 'NOT_A_MEMBER')
    await refuses(conversations.listMembers({ conversationId }), 'NOT_A_MEMBER')
    await refuses(conversations.addMembers({ conversationId, members: ['cem'] }), 'NOT_A_MEMBER')
    await refuses(conversations.removeMembers({ conversationId, members: ['ana'] }), 'NOT_A_MEMBER')
    await refuses(conversations.leaveConversation({ conversationId }), 'NOT_A_MEMBER')
    await refuses(conversations.setMemberRole({ conversationId, userId: 'cem', role: MemberRole.ADMIN }), 'NOT_A_MEMBER')
  })

  it('keeps the members, roles and title of private conversations', async () => {
    const conversationId = await newPrivate()
    const { conversations } = fixture.client(tenantId)
    const [member] = (await conversations.listMembers({ conversationId })).members
    const userId = member!.userId
    await refuses(conversations.updateConversation({ conversationId, updateMask: { paths: ['title'] } }), 'CONVERSATION_IS_PRIVATE')
    await refuses(conversations.addMembers({ conversationId, members: ['ana'] }), 'CONVERSATION_IS_PRIVATE')
    await refuses(conversations.removeMembers({ conversationId, members: [userId] }), 'CONVERSATION_IS_PRIVATE')
    await refuses(conversations.leaveConversation({ conversationId, userId }), 'CONVERSATION_IS_PRIVATE')
    await refuses(conversations.setMemberRole({ conversationId, userId, role: MemberRole.OWNER }), 'CONVERSATION_IS_PRIVATE')
    const update = { conversationId, metadata: { k: 'v' }, updateMask: { paths: ['metadata'] } }
    expect((await conversations.updateConversation(update)).conversation!.metadata).toEqual({ k: 'v' })
  })
})

describe('UpdateConversation', () => {
  it('changes what the mask names and writes both to the log', async () => {
    const conversationId = await newGroup()
    const { conversations } = fixture.user(tenantId, 'ana')
    const titled = await conversations.updateConversation({ conversationId, title: 'New', updateMask: { paths: ['title'] } })
    expect(titled.conversation).toMatchObject({ title: 'New', view: { role: MemberRole.OWNER } })
    const update = { conversationId, metadata: { k: 'v' }, updateMask: { paths: ['metadata'] } }
    expect((await conversations.updateConversation(update)).conversation).toMatchObject({ title: 'New', metadata: { k: 'v' } })
    expect(fixture.log.records(conversationId).at(-1)!.kind.value).toMatchObject({
      kind: { case: 'updated', value: { title: 'New', metadata: { k: 'v' }, updatedBy: 'ana' } },
    })
  })

  it('writes nothing when nothing changes', async () => {
    const conversationId = await newGroup()
    const update = { conversationId, title: 'Team', updateMask: { paths: ['title', 'metadata'] } }
    await fixture.client(tenantId).conversations.updateConversation(update)
    expect(fixture.log.changes(conversationId)).toEqual(['created'])
  })

  it('needs the role admin, and a path', async () => {
    const conversationId = await newGroup()
    const update = { conversationId, title: 'x', updateMask: { paths: ['title'] } }
    const role = { required_role: 'admin' }
    await refuses(fixture.user(tenantId, 'bob').conversations.updateConversation(update), 'ROLE_TOO_LOW', role)
    await refuses(fixture.client(tenantId).conversations.updateConversation({ ...update, from: 'bob' }), 'ROLE_TOO_LOW', role)
    await refuses(fixture.client(tenantId).conversations.updateConversation({ ...update, updateMask: {} }), 'FIELD_INVALID')
  })

  it('keeps every one of many changes at the same time', async () => {
    const conversationId = await newGroup()
    const { conversations } = fixture.client(tenantId)
    const titles = Array.from({ length: 20 }, (_, i) => `Title ${i}`)
    await Promise.all(titles.map((title) => conversations.updateConversation({ conversationId, title, updateMask: { paths: ['title'] } })))
    expect(fixture.log.changes(conversationId)).toEqual(['created', ...titles.map(() => 'updated')])
    const last = fixture.log.records(conversationId).at(-1)!.kind.value
    const { conversation } = await conversations.getConversation({ conversationId })
    expect(last).toMatchObject({ kind: { value: { title: conversation!.title } } })
  })
})

describe('ListMembers', () => {
  it('pages through the members by id', async () => {
    const conversationId = await newGroup(['cem', 'ana', 'bob'])
    const { conversations } = fixture.user(tenantId, 'bob')
    const first = await conversations.listMembers({ conversationId, pageSize: 2 })
    expect(first.members.map((member) => member.userId)).toEqual(['ana', 'bob'])
    const second = await conversations.listMembers({ conversationId, pageSize: 2, pageToken: first.nextPageToken })
    expect(second.members.map((member) => member.userId)).toEqual(['cem'])
    expect(second.nextPageToken).toBe('')
  })

  it('refuses a page token of another conversation', async () => {
    const [one, other] = [await newGroup(), await newGroup()]
    const { conversations } = fixture.client(tenantId)
    const { nextPageToken } = await conversations.listMembers({ conversationId: one, pageSize: 1 })
    await refuses(conversations.listMembers({ conversationId: other, pageToken: nextPageToken }), 'TOKEN_MISMATCH')
  })
})

describe('what gateways answer', () => {
  it('is refused', async () => {
    await refuses(fixture.user(tenantId, 'ana').conversations.listConversations({}), 'METHOD_NOT_FOUND')
  })
})
