import { ConversationType, MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { ReceiptService } from '@chat4all/gen/chat4all/v1/receipt_service_pb.js'
import { SyncService } from '@chat4all/gen/chat4all/v1/sync_service_pb.js'
import { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { refused } from '../support/refusal.ts'
import { type Person, type Tenant, text, textOf, World } from '../support/world.ts'

const {
  createConversation,
  getConversation,
  listConversations,
  updateConversation,
  listMembers,
  addMembers,
  removeMembers,
  leaveConversation,
  setMemberRole,
} = ConversationService.method
const { OWNER, ADMIN, MEMBER } = MemberRole

let world: World
let acme: Tenant
let ana: Person
let bo: Person
let cleo: Person
beforeAll(async () => {
  world = await World.start()
  acme = await world.tenant()
  ;[ana, bo, cleo] = (await acme.people('ana', 'bo', 'cleo')) as [Person, Person, Person]
})
afterAll(() => world[Symbol.asyncDispose]())

const read = (person: Person, conversationId: string, readThrough: bigint) =>
  person.call(ReceiptService.method.markReceipts, { marks: [{ conversationId, readThrough }] })

it('a group is created with its members, its title and its creator as the owner', async () => {
  const request = { type: ConversationType.GROUP, members: ['bo', 'cleo'], title: 'Plans', metadata: { colour: 'red' } }
  const { conversation, created } = await ana.call(createConversation, request)
  expect(created).toBe(true)
  expect(conversation).toMatchObject({
    type: ConversationType.GROUP,
    title: 'Plans',
    metadata: { colour: 'red' },
    memberCount: 3,
    lastSequence: 0n,
    revision: 1n,
    view: { userId: 'ana', role: OWNER, unreadCount: 0n, firstUnread: 0n },
  })
  const { members } = await bo.call(listMembers, { conversationId: conversation!.conversationId })
  expect(members.map(({ userId, role }) => [userId, role])).toEqual([
    ['ana', OWNER],
    ['bo', MEMBER],
    ['cleo', MEMBER],
  ])
  const { events } = await cleo.call(SyncService.method.listChanges, { conversationId: conversation!.conversationId })
  expect(events.map(({ kind }) => kind)).toMatchObject([{ case: 'conversationCreated', value: { title: 'Plans', createdBy: 'ana' } }])
})

it('an API client creates a group with users that did not exist, owned by the first of them', async () => {
  const { conversation } = await acme.call(createConversation, { type: ConversationType.GROUP, members: ['new-1', 'new-2'] })
  const { members } = await acme.call(listMembers, { conversationId: conversation!.conversationId })
  expect(members.map(({ userId, role }) => [userId, role])).toEqual([
    ['new-1', OWNER],
    ['new-2', MEMBER],
  ])
  expect((await acme.call(UserService.method.getUser, { userId: 'new-2' })).user?.userId).toBe('new-2')
})

it('a private conversation opens with the first message to somebody, for both alike', async () => {
  const [dora, eve] = (await acme.people('dora', 'eve')) as [Person, Person]
  const { conversationId, messageId } = await dora.call(MessageService.method.sendMessage, { to: 'eve', payload: text('hi') })
  await eve.call(MessageService.method.getMessage, { messageId })
  for (const person of [dora, eve]) {
    const { conversations } = await person.call(listConversations, {})
    expect(conversations).toMatchObject([{ conversationId, type: ConversationType.PRIVATE, title: '', memberCount: 2, lastSequence: 1n }])
  }
  const { conversation } = await eve.call(createConversation, { type: ConversationType.PRIVATE, members: ['dora'] })
  expect(conversation?.conversationId).toBe(conversationId)
})

it('the list shows the newest activity first, with the last message and what is unread', async () => {
  const [fay, gus] = (await acme.people('fay', 'gus')) as [Person, Person]
  const rooms = [await acme.group(fay, gus), await acme.group(fay, gus), await acme.group(fay, gus)] as [string, string, string]
  await fay.say(rooms[1], 'one')
  await fay.say(rooms[0], 'two')
  await fay.say(rooms[0], 'three')
  const list = async () => (await gus.call(listConversations, {})).conversations
  expect((await list()).map(({ conversationId }) => conversationId)).toEqual([rooms[0], rooms[1], rooms[2]])
  const [first, second, third] = await list()
  expect(first?.view).toMatchObject({ unreadCount: 2n, firstUnread: 1n, readThrough: 0n, role: MEMBER })
  expect([textOf(first!.lastMessage!), first?.lastSequence]).toEqual(['three', 2n])
  expect(second?.view).toMatchObject({ unreadCount: 1n, firstUnread: 1n })
  expect([third?.lastMessage, third?.view?.unreadCount]).toEqual([undefined, 0n])

  await read(gus, rooms[0], 1n)
  await gus.say(rooms[2], 'mine')
  const [top, next] = await list()
  expect([top?.conversationId, top?.view?.unreadCount]).toEqual([rooms[2], 0n])
  expect([next?.conversationId, next?.view]).toMatchObject([
    rooms[0],
    { unreadCount: 1n, firstUnread: 2n, readThrough: 1n, deliveredThrough: 1n },
  ])
  const own = (await fay.call(listConversations, {})).conversations.find(({ conversationId }) => conversationId === rooms[0])
  expect(own?.view).toMatchObject({ unreadCount: 0n, firstUnread: 0n })
  expect((await acme.call(listConversations, { userId: 'gus' })).conversations).toEqual(await list())
})

it('messages of one’s own do not count as unread, and neither do those before one joined', async () => {
  const room = await acme.group(ana, bo)
  await ana.say(room, 'before')
  await acme.call(addMembers, { conversationId: room, members: ['cleo'] })
  await ana.say(room, 'after')
  await cleo.say(room, 'own')
  const view = async (person: Person) => (await person.call(getConversation, { conversationId: room })).conversation?.view
  expect(await view(cleo)).toMatchObject({ unreadCount: 1n, firstUnread: 2n })
  expect(await view(bo)).toMatchObject({ unreadCount: 3n, firstUnread: 1n })
  expect(await view(ana)).toMatchObject({ unreadCount: 1n, firstUnread: 3n })
  await read(bo, room, 3n)
  expect(await view(bo)).toMatchObject({ unreadCount: 0n, firstUnread: 0n, readThrough: 3n })
})

it('lists come in pages without a gap or a repeat', async () => {
  const [ida] = (await acme.people('ida')) as [Person]
  const rooms = []
  for (let i = 0; i < 7; i++) rooms.push(await acme.group(ida))
  const seen: string[] = []
  for (let pageToken = '', first = true; first || pageToken !== ''; first = false) {
    const page = await ida.call(listConversations, { pageSize: 3, pageToken })
    seen.push(...page.conversations.map(({ conversationId }) => conversationId))
    pageToken = page.nextPageToken
  }
  expect(seen).toEqual(rooms.toReversed())

  const many = Array.from({ length: 25 }, (_, i) => `m-${String(i).padStart(2, '0')}`)
  await acme.call(addMembers, { conversationId: rooms[0]!, members: many })
  const members: string[] = []
  for (let pageToken = '', first = true; first || pageToken !== ''; first = false) {
    const page = await ida.call(listMembers, { conversationId: rooms[0]!, pageSize: 10, pageToken })
    members.push(...page.members.map(({ userId }) => userId))
    pageToken = page.nextPageToken
  }
  expect(members).toEqual(['ida', ...many])
})

it('title and metadata change by the mask, each for itself', async () => {
  const room = await acme.group(ana, bo)
  const update = async (request: object) => (await ana.call(updateConversation, { conversationId: room, ...request })).conversation
  expect(await update({ title: 'New', metadata: { ignored: 'x' }, updateMask: { paths: ['title'] } })).toMatchObject({
    title: 'New',
    metadata: {},
  })
  expect(await update({ metadata: { a: '1', b: '2' }, updateMask: { paths: ['metadata'] } })).toMatchObject({
    title: 'New',
    metadata: { a: '1', b: '2' },
  })
  expect(await update({ metadata: { b: '3' }, updateMask: { paths: ['metadata'] } })).toMatchObject({ metadata: { b: '3' } })
  const both = await update({ title: '', metadata: {}, updateMask: { paths: ['title', 'metadata'] } })
  expect([both?.title, both?.metadata, both?.revision]).toEqual(['', {}, 5n])
  expect((await update({ title: '', updateMask: { paths: ['title'] } }))?.revision).toBe(5n)
  const { events } = await bo.call(SyncService.method.listChanges, { conversationId: room, afterRevision: 1n })
  expect(events.map(({ revision, kind }) => [revision, kind.case])).toEqual([2n, 3n, 4n, 5n].map((n) => [n, 'conversationUpdated']))
})

it('members come, get roles, are removed and leave; everybody sees it in the order it happened', async () => {
  const room = await acme.group(ana)
  expect((await ana.call(addMembers, { conversationId: room, members: ['bo', 'cleo', 'ana'] })).added.toSorted()).toEqual(['bo', 'cleo'])
  expect((await ana.call(addMembers, { conversationId: room, members: ['bo'] })).added).toEqual([])
  expect((await ana.call(setMemberRole, { conversationId: room, userId: 'bo', role: ADMIN })).member).toMatchObject({
    userId: 'bo',
    role: ADMIN,
  })
  expect((await bo.call(removeMembers, { conversationId: room, members: ['cleo', 'nobody'] })).removed).toEqual(['cleo'])
  expect((await bo.call(removeMembers, { conversationId: room, members: ['cleo'] })).removed).toEqual([])
  await ana.call(setMemberRole, { conversationId: room, userId: 'bo', role: OWNER })
  await ana.call(leaveConversation, { conversationId: room })
  expect(await refused(ana.call(getConversation, { conversationId: room }))).toBe('PERMISSION_DENIED NOT_A_MEMBER')
  const { conversation } = await bo.call(getConversation, { conversationId: room })
  expect(conversation).toMatchObject({ memberCount: 1, revision: 6n, view: { role: OWNER } })
  const { events } = await bo.call(SyncService.method.listChanges, { conversationId: room })
  expect(events.map(({ kind }) => kind)).toMatchObject([
    { case: 'conversationCreated' },
    { case: 'membersAdded', value: { addedBy: 'ana' } },
    { case: 'memberRoleChanged', value: { member: { userId: 'bo', role: ADMIN }, changedBy: 'ana' } },
    { case: 'membersRemoved', value: { userIds: ['cleo'], removedBy: 'bo' } },
    { case: 'memberRoleChanged', value: { member: { userId: 'bo', role: OWNER }, changedBy: 'ana' } },
    { case: 'membersRemoved', value: { userIds: ['ana'], removedBy: 'ana' } },
  ])
})

it('who was removed and comes back sees the whole history, and is told of nothing twice', async () => {
  const room = await acme.group(ana, bo)
  await ana.say(room, 'one')
  await ana.call(removeMembers, { conversationId: room, members: ['bo'] })
  await ana.say(room, 'two')
  expect((await bo.call(listConversations, {})).conversations.map(({ conversationId }) => conversationId)).not.toContain(room)
  await ana.call(addMembers, { conversationId: room, members: ['bo'] })
  await ana.say(room, 'three')
  const { messages } = await bo.call(MessageService.method.listMessages, { conversationId: room, position: { case: 'since', value: 0n } })
  expect(messages.map(textOf)).toEqual(['one', 'two', 'three'])
  expect((await bo.call(getConversation, { conversationId: room })).conversation?.view).toMatchObject({ unreadCount: 1n, firstUnread: 3n })
})

it('users are kept by the tenant: upserted, listed, renamed, found', async () => {
  const bolt = await world.tenant()
  const ids = Array.from({ length: 12 }, (_, i) => `u${String(i).padStart(2, '0')}`)
  await bolt.call(UserService.method.batchUpsertUsers, { users: ids.map((userId) => ({ userId, displayName: `User ${userId}` })) })
  const seen: string[] = []
  for (let pageToken = '', first = true; first || pageToken !== ''; first = false) {
    const page = await bolt.call(UserService.method.listUsers, { pageSize: 5, pageToken })
    seen.push(...page.users.map(({ userId }) => userId))
    pageToken = page.nextPageToken
  }
  expect(seen).toEqual(ids)
  const user = await bolt.person('u00')
  await user.call(UserService.method.updateUser, {
    user: { userId: 'u00', displayName: 'Zoë', metadata: { x: 'y' } },
    updateMask: { paths: ['display_name'] },
  })
  const { user: seenByOther } = await (await bolt.person('u01')).call(UserService.method.getUser, { userId: 'u00' })
  expect(seenByOther).toMatchObject({ displayName: 'Zoë', metadata: {} })
})
