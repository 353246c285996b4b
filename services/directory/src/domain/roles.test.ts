import { MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { describe, expect, it } from 'vitest'
import { actorAmong, actorName, actorView, requireRole } from './roles.ts'

const ana = { userId: 'ana', role: MemberRole.ADMIN, joinedAt: 1 }

describe('who acts', () => {
  it('is a member with their role, or an API client for itself', () => {
    expect(actorAmong([ana], 'ana', 'c')).toEqual({ kind: 'member', userId: 'ana', role: MemberRole.ADMIN })
    expect(actorAmong([ana], undefined, 'c')).toEqual({ kind: 'client' })
  })

  it('is nobody else', () => {
    expect(() => actorAmong([ana], 'bob', 'c')).toThrow(
      expect.objectContaining({ reason: 'NOT_A_MEMBER', metadata: { conversation_id: 'c' } }),
    )
  })

  it('is named in events and shown their view only if a member', () => {
    expect([actorName({ kind: 'client' }), actorView({ kind: 'client' })]).toEqual(['', undefined])
    const actor = actorAmong([ana], 'ana', 'c')
    expect([actorName(actor), actorView(actor)]).toEqual(['ana', actor])
  })
})

describe('a required role', () => {
  it('is met by itself, by higher ones and by API clients', () => {
    for (const role of [MemberRole.ADMIN, MemberRole.OWNER]) requireRole({ kind: 'member', userId: 'ana', role }, MemberRole.ADMIN)
    requireRole({ kind: 'client' }, MemberRole.OWNER)
  })

  it('is named when it is not met', () => {
    expect(() => requireRole({ kind: 'member', userId: 'ana', role: MemberRole.ADMIN }, MemberRole.OWNER)).toThrow(
      expect.objectContaining({ reason: 'ROLE_TOO_LOW', metadata: { required_role: 'owner' } }),
    )
  })
})
