import { MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import type { MemberRow } from '@chat4all/ports'
import { describe, expect, it } from 'vitest'
import { checkLeaving, MAX_MEMBERS, planAddition, planRemoval, planRoleChange } from './membership.ts'
import type { Actor } from './roles.ts'

const { MEMBER, ADMIN, OWNER } = MemberRole
const member = (userId: string, role: MemberRole): MemberRow => ({ userId, role, joinedAt: 1 })
const group = [member('owner', OWNER), member('admin', ADMIN), member('plain', MEMBER)]
const client: Actor = { kind: 'client' }
const as = (role: MemberRole): Actor => ({ kind: 'member', userId: 'somebody', role })
const reason = (name: string) => expect.objectContaining({ reason: name })

describe('adding members', () => {
  it('adds each new user once, as a plain member', () => {
    expect(planAddition(group, as(ADMIN), ['admin', 'new', 'new'], 7)).toEqual([{ userId: 'new', role: MEMBER, joinedAt: 7 }])
  })

  it('counts only those who are new against the limit', () => {
    const full = [member('owner', OWNER), ...Array.from({ length: MAX_MEMBERS - 1 }, (_, i) => member(`m${i}`, MEMBER))]
    expect(planAddition(full, client, ['m1', 'm2'], 7)).toEqual([])
    expect(() => planAddition(full, client, ['new'], 7)).toThrow(reason('TOO_MANY_MEMBERS'))
  })

  it('needs the role admin', () => {
    expect(() => planAddition(group, as(MEMBER), ['new'], 7)).toThrow(reason('ROLE_TOO_LOW'))
  })
})

describe('removing members', () => {
  it.each([
    [client, ['plain', 'admin']],
    [as(OWNER), ['plain', 'admin']],
    [as(ADMIN), ['plain', 'stranger']],
  ])('lets %j remove %j', (actor, named) => {
    expect([...planRemoval(group, actor, named)].sort()).toEqual(named.filter((userId) => userId !== 'stranger').sort())
  })

  it.each([
    [as(MEMBER), ['plain']],
    [as(ADMIN), ['admin']],
    [as(ADMIN), ['plain', 'owner']],
  ])('does not let %j remove %j', (actor, named) => {
    expect(() => planRemoval(group, actor, named)).toThrow(reason('ROLE_TOO_LOW'))
  })

  it('keeps an owner', () => {
    expect(() => planRemoval(group, client, ['owner'])).toThrow(reason('LAST_OWNER'))
    expect(planRemoval([...group, member('second', OWNER)], as(OWNER), ['owner'])).toEqual(['owner'])
  })
})

describe('leaving', () => {
  it('is open to all but the last owner', () => {
    checkLeaving(group, 'plain')
    checkLeaving([...group, member('second', OWNER)], 'owner')
    expect(() => checkLeaving(group, 'owner')).toThrow(reason('LAST_OWNER'))
    expect(() => checkLeaving([member('alone', OWNER)], 'alone')).toThrow(reason('LAST_OWNER'))
  })
})

describe('changing a role', () => {
  it('keeps the time of joining', () => {
    expect(planRoleChange(group, as(OWNER), 'plain', ADMIN)).toEqual({ userId: 'plain', role: ADMIN, joinedAt: 1 })
  })

  it('needs the role owner, a member, and an owner who stays', () => {
    expect(() => planRoleChange(group, as(ADMIN), 'plain', ADMIN)).toThrow(reason('ROLE_TOO_LOW'))
    expect(() => planRoleChange(group, client, 'stranger', ADMIN)).toThrow(reason('MEMBER_NOT_FOUND'))
    expect(() => planRoleChange(group, client, 'owner', ADMIN)).toThrow(reason('LAST_OWNER'))
    expect(planRoleChange(group, client, 'owner', OWNER).role).toBe(OWNER)
  })
})
