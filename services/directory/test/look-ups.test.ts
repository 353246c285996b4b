import { newId } from '@chat4all/base'
import { ConversationType, MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fixture, refuses, startFixture } from './fixture.ts'

let fixture: Fixture
let tenantId: string
beforeAll(async () => {
  fixture = await startFixture()
  tenantId = await fixture.newTenant()
})
afterAll(() => fixture[Symbol.asyncDispose]())

const newGroup = async (members: readonly string[]) => {
  const ask = { type: ConversationType.GROUP, members: [...members] }
  return (await fixture.client(tenantId).conversations.createConversation(ask)).conversation!.conversationId
}

describe('ResolveConversation', () => {
  it('says who may use a conversation', async () => {
    const conversationId = await newGroup(['ana', 'bob'])
    const answer = await fixture.internal.resolveConversation({ tenantId, conversationId })
    expect(answer).toMatchObject({
      found: true,
      type: ConversationType.GROUP,
      members: [
        { userId: 'ana', role: MemberRole.OWNER },
        { userId: 'bob', role: MemberRole.MEMBER },
      ],
    })
    expect(answer.partition).toBeLessThan(fixture.log.partitions)
  })

  it('does not find what is not there', async () => {
    expect(await fixture.internal.resolveConversation({ tenantId, conversationId: newId() })).toMatchObject({ found: false, members: [] })
  })
})

describe('ResolvePrivateConversation', () => {
  it('opens the conversation of a pair once, and finds it from both sides', async () => {
    const [from, to] = [newId(), newId()]
    const first = await fixture.internal.resolvePrivateConversation({ tenantId, from, to, createUsers: true })
    const second = await fixture.internal.resolvePrivateConversation({ tenantId, from: to, to: from })
    expect(second).toEqual(first)
    expect(fixture.log.records(first.conversationId)[0]!.kind.value).toMatchObject({ kind: { value: { createdBy: from } } })
  })

  it('creates users only when told', async () => {
    await fixture.client(tenantId).users.upsertUser({ user: { userId: 'ana' } })
    const to = newId()
    await refuses(fixture.internal.resolvePrivateConversation({ tenantId, from: 'ana', to }), 'USER_NOT_FOUND', { user_id: to })
  })

  it('needs two users', async () => {
    await refuses(fixture.internal.resolvePrivateConversation({ tenantId, from: 'ana', to: 'ana', createUsers: true }), 'FIELD_INVALID')
  })
})

describe('BatchGetConversations', () => {
  it('reads those of the tenant in the order asked for', async () => {
    const ids = [await newGroup(['ana']), await newGroup(['bob'])]
    const ask = { tenantId, conversationIds: [ids[1]!, newId(), ids[0]!] }
    const { conversations } = await fixture.internal.batchGetConversations(ask)
    expect(conversations.map((conversation) => conversation.conversationId)).toEqual(ids.toReversed())
    const other = await fixture.internal.batchGetConversations({ ...ask, tenantId: await fixture.newTenant() })
    expect(other.conversations).toEqual([])
  })
})

describe('ResolveUser', () => {
  it('tells active, deactivated and unknown users apart', async () => {
    const { users } = fixture.client(tenantId)
    await users.upsertUser({ user: { userId: 'eva' } })
    expect(await fixture.internal.resolveUser({ tenantId, userId: 'eva' })).toMatchObject({ found: true, active: true })
    await users.deactivateUser({ userId: 'eva' })
    expect(await fixture.internal.resolveUser({ tenantId, userId: 'eva' })).toMatchObject({ found: true, active: false })
    expect(await fixture.internal.resolveUser({ tenantId: await fixture.newTenant(), userId: 'eva' })).toMatchObject({ found: false })
  })
})
