import { UserState } from '@chat4all/gen/chat4all/v1/user_pb.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fixture, refuses, startFixture } from './fixture.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await startFixture()
})
afterAll(() => fixture[Symbol.asyncDispose]())

describe('UpsertUser', () => {
  it('creates a user, replaces one that exists, and changes nothing when repeated', async () => {
    const { users } = fixture.client(await fixture.newTenant())
    const first = await users.upsertUser({ user: { userId: 'ana', displayName: 'Ana', metadata: { team: 'a' } } })
    expect(first.user).toMatchObject({ userId: 'ana', displayName: 'Ana', metadata: { team: 'a' }, state: UserState.ACTIVE })
    fixture.clock.advance(1000)
    const again = await users.upsertUser({ user: { userId: 'ana', displayName: 'Ana', metadata: { team: 'a' } } })
    expect(again.user).toEqual(first.user)
    const replaced = await users.upsertUser({ user: { userId: 'ana', displayName: 'Ana M.' } })
    expect(replaced.user).toMatchObject({ displayName: 'Ana M.', metadata: {}, createTime: first.user!.createTime })
    expect(replaced.user!.updateTime).not.toEqual(first.user!.updateTime)
  })

  it('makes a deactivated user active again and tells the gateways', async () => {
    const tenantId = await fixture.newTenant()
    const { users } = fixture.client(tenantId)
    await users.upsertUser({ user: { userId: 'ana' } })
    await users.deactivateUser({ userId: 'ana' })
    const { user } = await users.upsertUser({ user: { userId: 'ana' } })
    expect(user!.state).toBe(UserState.ACTIVE)
    expect(fixture.gateway.taken.at(-1)).toMatchObject({ tenantId, kind: { case: 'activatedUserId', value: 'ana' } })
    expect((await fixture.internal.listRevocations({})).users).not.toContainEqual(expect.objectContaining({ tenantId }))
  })

  it('is not for users', async () => {
    const tenantId = await fixture.newTenant()
    await refuses(fixture.user(tenantId, 'ana').users.upsertUser({ user: { userId: 'ana' } }), 'ACCESS_DENIED')
  })
})

describe('BatchUpsertUsers', () => {
  it('stores users and answers in the order of the request', async () => {
    const { users } = fixture.client(await fixture.newTenant())
    const answer = await users.batchUpsertUsers({ users: [{ userId: 'bob' }, { userId: 'ana', displayName: 'Ana' }] })
    expect(answer.users.map((user) => [user.userId, user.displayName])).toEqual([
      ['bob', ''],
      ['ana', 'Ana'],
    ])
  })

  it('refuses a user who is named twice, and stores none', async () => {
    const { users } = fixture.client(await fixture.newTenant())
    await refuses(users.batchUpsertUsers({ users: [{ userId: 'ana' }, { userId: 'ana' }] }), 'FIELD_INVALID')
    await refuses(users.getUser({ userId: 'ana' }), 'USER_NOT_FOUND')
  })
})

describe('GetUser', () => {
  it('shows users of the tenant to each other, and none of another tenant', async () => {
    const [tenantId, other] = [await fixture.newTenant(), await fixture.newTenant()]
    await fixture.client(tenantId).users.upsertUser({ user: { userId: 'ana', displayName: 'Ana' } })
    expect((await fixture.user(tenantId, 'bob').users.getUser({ userId: 'ana' })).user!.displayName).toBe('Ana')
    await refuses(fixture.user(other, 'ana').users.getUser({ userId: 'ana' }), 'USER_NOT_FOUND', { user_id: 'ana' })
    await refuses(fixture.client(other).users.getUser({ userId: 'ana' }), 'USER_NOT_FOUND', { user_id: 'ana' })
  })
})

describe('ListUsers', () => {
  const listing = async () => {
    const tenantId = await fixture.newTenant()
    const { users } = fixture.client(tenantId)
    await users.batchUpsertUsers({ users: ['c', 'a', 'b'].map((userId) => ({ userId })) })
    return { tenantId, users }
  }

  it('pages through the users of the tenant by id', async () => {
    const { users } = await listing()
    const first = await users.listUsers({ pageSize: 2 })
    expect(first.users.map((user) => user.userId)).toEqual(['a', 'b'])
    const second = await users.listUsers({ pageSize: 2, pageToken: first.nextPageToken })
    expect(second.users.map((user) => user.userId)).toEqual(['c'])
    expect(second.nextPageToken).toBe('')
  })

  it('has no further page when the last one is full', async () => {
    const { users } = await listing()
    expect((await users.listUsers({ pageSize: 3 })).nextPageToken).toBe('')
    expect((await users.listUsers({})).users).toHaveLength(3)
  })

  it('refuses page tokens of another query', async () => {
    const { users } = await listing()
    const other = await listing()
    const { nextPageToken } = await other.users.listUsers({ pageSize: 1 })
    await refuses(users.listUsers({ pageToken: nextPageToken }), 'TOKEN_MISMATCH')
    await refuses(users.listUsers({ pageToken: 'garbage' }), 'TOKEN_MISMATCH')
  })
})

describe('UpdateUser', () => {
  const newUser = async () => {
    const tenantId = await fixture.newTenant()
    await fixture.client(tenantId).users.upsertUser({ user: { userId: 'ana', displayName: 'Ana', metadata: { k: 'v' } } })
    return tenantId
  }

  it('changes what the mask names, or both', async () => {
    const { users } = fixture.user(await newUser(), 'ana')
    const named = await users.updateUser({ user: { userId: 'ana', displayName: 'A' }, updateMask: { paths: ['display_name'] } })
    expect(named.user).toMatchObject({ displayName: 'A', metadata: { k: 'v' } })
    const both = await users.updateUser({ user: { userId: 'ana', displayName: 'B' } })
    expect(both.user).toMatchObject({ displayName: 'B', metadata: {} })
  })

  it('lets API clients change anybody, and users only themselves', async () => {
    const tenantId = await newUser()
    const change = { user: { userId: 'ana', displayName: 'A' } }
    expect((await fixture.client(tenantId).users.updateUser(change)).user!.displayName).toBe('A')
    await refuses(fixture.user(tenantId, 'bob').users.updateUser(change), 'ACCESS_DENIED')
  })

  it('does not find unknown users and those of other tenants', async () => {
    await newUser()
    const { users } = fixture.client(await fixture.newTenant())
    await refuses(users.updateUser({ user: { userId: 'ana' } }), 'USER_NOT_FOUND', { user_id: 'ana' })
  })
})

describe('DeactivateUser', () => {
  it('deactivates a user, tells the gateways, and changes nothing when repeated', async () => {
    const tenantId = await fixture.newTenant()
    const { users } = fixture.client(tenantId)
    await users.upsertUser({ user: { userId: 'ana' } })
    const first = await users.deactivateUser({ userId: 'ana' })
    expect(first.user!.state).toBe(UserState.DEACTIVATED)
    expect(fixture.gateway.taken.at(-1)).toMatchObject({ tenantId, kind: { case: 'deactivatedUserId', value: 'ana' } })
    expect((await fixture.internal.listRevocations({})).users).toContainEqual(expect.objectContaining({ tenantId, userId: 'ana' }))
    fixture.clock.advance(1000)
    expect((await users.deactivateUser({ userId: 'ana' })).user).toEqual(first.user)
  })

  it('does not find unknown users and those of other tenants', async () => {
    const [tenantId, other] = [await fixture.newTenant(), await fixture.newTenant()]
    await fixture.client(tenantId).users.upsertUser({ user: { userId: 'ana' } })
    await refuses(fixture.client(other).users.deactivateUser({ userId: 'ana' }), 'USER_NOT_FOUND', { user_id: 'ana' })
    expect((await fixture.client(tenantId).users.getUser({ userId: 'ana' })).user!.state).toBe(UserState.ACTIVE)
  })

  it('is forgotten as a revocation when no token can be left', async () => {
    const tenantId = await fixture.newTenant()
    await fixture.client(tenantId).users.upsertUser({ user: { userId: 'ana' } })
    await fixture.client(tenantId).users.deactivateUser({ userId: 'ana' })
    fixture.clock.advance(24 * 3600_000 + 2000)
    expect((await fixture.internal.listRevocations({})).users).not.toContainEqual(expect.objectContaining({ tenantId }))
  })
})
