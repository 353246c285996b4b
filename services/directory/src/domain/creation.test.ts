import { ConversationType, MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { describe, expect, it } from 'vitest'
import { type ConversationPlan, firstMembers, planFingerprint, privatePair } from './creation.ts'

const plan = (more: Partial<ConversationPlan>): ConversationPlan => ({
  type: ConversationType.GROUP,
  title: '',
  metadata: {},
  members: [],
  creator: undefined,
  ...more,
})
const roles = (more: Partial<ConversationPlan>) => firstMembers(plan(more), 5).map(({ userId, role }) => [userId, role])
const reason = (name: string) => expect.objectContaining({ reason: name })

describe('the first members of a group', () => {
  it('are the creator, who owns it, and the others, once each', () => {
    expect(roles({ members: ['bob', 'ana'], creator: 'ana' })).toEqual([
      ['ana', MemberRole.OWNER],
      ['bob', MemberRole.MEMBER],
    ])
  })

  it('are owned by the first when nobody creates it', () => {
    expect(roles({ members: ['bob', 'ana'] })[0]).toEqual(['bob', MemberRole.OWNER])
    expect(() => roles({ members: [] })).toThrow(reason('FIELD_INVALID'))
  })

  it('are at most 1,000, the creator included', () => {
    const members = Array.from({ length: 1000 }, (_, i) => `m${i}`)
    expect(roles({ members, creator: 'm5' })).toHaveLength(1000)
    expect(() => roles({ members, creator: 'ana' })).toThrow(reason('TOO_MANY_MEMBERS'))
  })
})

describe('the members of a private conversation', () => {
  const type = ConversationType.PRIVATE

  it('are two, of equal role', () => {
    expect(roles({ type, members: ['ana', 'bob'], creator: 'bob' }).map(([, role]) => role)).toEqual([MemberRole.MEMBER, MemberRole.MEMBER])
    for (const members of [[], ['ana'], ['bob', 'cem']]) {
      expect(() => roles({ type, members, creator: 'ana' })).toThrow(reason('FIELD_INVALID'))
    }
  })

  it('get no title', () => {
    expect(() => roles({ type, members: ['ana', 'bob'], title: 'x' })).toThrow(reason('FIELD_INVALID'))
  })
})

describe('the name of a pair', () => {
  it('is the same from both sides, and no other pair has it', () => {
    expect(privatePair('ana', 'bob')).toBe(privatePair('bob', 'ana'))
    expect(privatePair('a:b', 'c')).not.toBe(privatePair('a', 'b:c'))
    expect(privatePair('a', 'b","c')).not.toBe(privatePair('a","b', 'c'))
  })
})

describe('the fingerprint of a request', () => {
  it('is the same for the same wish, in whatever order its metadata comes', () => {
    expect(planFingerprint(plan({ metadata: { a: '1', b: '2' } }))).toBe(planFingerprint(plan({ metadata: { b: '2', a: '1' } })))
  })

  it('differs for every other wish', () => {
    const wishes = [
      {},
      { type: ConversationType.PRIVATE },
      { title: 'x' },
      { metadata: { a: '1' } },
      { metadata: { a: '', '1': '' } },
      { members: ['ana', 'bob'] },
      { members: ['bob', 'ana'] },
      { creator: 'ana' },
    ]
    expect(new Set(wishes.map((wish) => planFingerprint(plan(wish)))).size).toBe(wishes.length)
  })
})
