import { ConversationType } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDirectoryService } from '../src/index.ts'
import { type Fixture, refuses, startFixture } from './fixture.ts'

let fixture: Fixture
let tenantId: string
beforeEach(async () => {
  fixture = await startFixture()
  tenantId = await fixture.newTenant()
})
afterEach(() => fixture[Symbol.asyncDispose]())

const newGroup = async () => {
  const ask = { type: ConversationType.GROUP, members: ['ana', 'bob'] }
  return (await fixture.client(tenantId).conversations.createConversation(ask)).conversation!.conversationId
}
const rename = (conversationId: string, title: string) =>
  fixture.client(tenantId).conversations.updateConversation({ conversationId, title, updateMask: { paths: ['title'] } })
const titles = (conversationId: string) =>
  fixture.log.records(conversationId).map(({ kind }) => {
    const changed = kind.case === 'conversationChange' ? kind.value.kind : undefined
    return changed?.case === 'updated' ? changed.value.title : changed?.case
  })

describe('a change while the log is away', () => {
  it('is not acknowledged, and stands in the log before anything that is acknowledged later', async () => {
    const conversationId = await newGroup()
    fixture.log.away = true
    await refuses(rename(conversationId, 'first'), 'ENGINE_UNAVAILABLE')
    await refuses(rename(conversationId, 'second'), 'ENGINE_UNAVAILABLE')
    fixture.log.away = false
    await rename(conversationId, 'third')
    expect(titles(conversationId)).toEqual(['created', 'first', 'second', 'third'])
    expect(await fixture.directory.outbox(conversationId, 10)).toEqual([])
  })

  it('stands in the log before a gateway is told who may use the conversation', async () => {
    const conversationId = await newGroup()
    fixture.log.away = true
    await refuses(fixture.client(tenantId).conversations.removeMembers({ conversationId, members: ['bob'] }), 'ENGINE_UNAVAILABLE')
    await refuses(fixture.internal.resolveConversation({ tenantId, conversationId }), 'ENGINE_UNAVAILABLE')
    fixture.log.away = false
    const { members } = await fixture.internal.resolveConversation({ tenantId, conversationId })
    expect(members.map((member) => member.userId)).toEqual(['ana'])
    expect(fixture.log.changes(conversationId)).toEqual(['created', 'membersRemoved'])
  })

  it('makes gateways drop a removed member all the same', async () => {
    const conversationId = await newGroup()
    fixture.log.away = true
    await refuses(fixture.client(tenantId).conversations.removeMembers({ conversationId, members: ['bob'] }), 'ENGINE_UNAVAILABLE')
    expect(fixture.gateway.taken.at(-1)!.kind.value).toMatchObject({ conversationId, removed: ['bob'] })
  })

  it('is carried over by itself when the log returns', async () => {
    const conversationId = await newGroup()
    fixture.log.away = true
    await refuses(rename(conversationId, 'later'), 'ENGINE_UNAVAILABLE')
    fixture.log.away = false
    await vi.waitFor(() => expect(titles(conversationId)).toEqual(['created', 'later']), { timeout: 5000 })
  })

  it('is carried over by the next process when it starts', async () => {
    const conversationId = await newGroup()
    fixture.log.away = true
    await refuses(rename(conversationId, 'left behind'), 'ENGINE_UNAVAILABLE')
    await fixture.service[Symbol.asyncDispose]()
    fixture.log.away = false
    await using next = createDirectoryService(fixture.deps)
    await next.start()
    expect(titles(conversationId)).toEqual(['created', 'left behind'])
  })
})

describe('an entry that the log has already', () => {
  it('is not appended again', async () => {
    const conversationId = await newGroup()
    const [entry] = fixture.log.appended.filter(({ record }) => record.conversationId === conversationId)
    const row = await fixture.directory.conversation(tenantId, conversationId)
    await fixture.directory.changeConversation({
      tenantId,
      conversationId,
      expectedVersion: row!.version,
      putMembers: [],
      removeMembers: [],
      createUsers: [],
      updatedAt: 0,
      outbox: [{ tenantId, conversationId, partition: entry!.partition, key: entry!.record.key, record: entry!.record.record }],
    })
    await fixture.internal.resolveConversation({ tenantId, conversationId })
    expect(fixture.log.changes(conversationId)).toEqual(['created'])
    expect(await fixture.directory.outbox(conversationId, 10)).toEqual([])
  })
})

describe('changes at the same time', () => {
  it('stand in the log in the order in which they were decided', async () => {
    const conversationId = await newGroup()
    let open = () => {}
    fixture.log.gate = new Promise((resolve) => {
      open = resolve
    })
    const renamed = Promise.all(['a', 'b', 'c'].map((title) => rename(conversationId, title)))
    await vi.waitFor(async () => expect(await fixture.directory.outbox(conversationId, 10)).toHaveLength(3))
    open()
    await renamed
    const times = fixture.log.records(conversationId).map((record) => record.timeMicros)
    expect(times).toEqual(times.toSorted((a, b) => Number(a - b)))
    expect(new Set(times).size).toBe(4)
    const row = await fixture.directory.conversation(tenantId, conversationId)
    expect(titles(conversationId).at(-1)).toBe(row!.title)
  })
})
