import { clone } from '@bufbuild/protobuf'
import { newId } from '@chat4all/base'
import { Access } from '@chat4all/gen/chat4all/v1/access_pb.js'
import { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { ReceiptService } from '@chat4all/gen/chat4all/v1/receipt_service_pb.js'
import { SyncService } from '@chat4all/gen/chat4all/v1/sync_service_pb.js'
import { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessOf, METHODS, nameOf, requestFields } from '../support/api.ts'
import { outcome } from '../support/exchange.ts'
import { Live } from '../support/live.ts'
import { refused } from '../support/refusal.ts'
import { callerOf, callersOf, newScene, type Scene, setField, validRequest } from '../support/requests.ts'
import { type Person, type Tenant, World } from '../support/world.ts'

const MISMATCH = 'INVALID_ARGUMENT TOKEN_MISMATCH'
const invalid = (field: string) => `INVALID_ARGUMENT FIELD_INVALID ${field}`
const MAX_INT64 = 9_223_372_036_854_775_807n
const MIN_INT64 = -9_223_372_036_854_775_808n

const { listConversations, listMembers } = ConversationService.method
const { listMessages } = MessageService.method
const { listChanges, syncChanges, getRangeDigest } = SyncService.method

let world: World
let acme: Tenant
let scene: Scene
let ana: Person
let group: string
beforeAll(async () => {
  world = await World.start()
  acme = await world.tenant()
  scene = await newScene(acme, acme.credentials.client_id)
  ana = scene.ana
  group = scene.conversationId
  for (let i = 0; i < 9; i++) await ana.say(group, `message ${i}`)
})
afterAll(() => world[Symbol.asyncDispose]())

describe('a whole number of 64 bits', () => {
  /** What each answers: to a negative number, to the largest there is. */
  const rows: Readonly<Record<string, readonly [negative: string, huge: string]>> = {
    'AuthService/CreateUserToken ttl.seconds': [invalid('ttl'), invalid('ttl')],
    'MessageService/ListMessages since': [invalid('since'), 'OK'],
    'MessageService/ListMessages before': [invalid('before'), 'OK'],
    'MessageService/ListMessages around': [invalid('around'), 'OK'],
    'ReceiptService/MarkReceipts marks.delivered_through': [invalid('marks[0].delivered_through'), 'OK'],
    'ReceiptService/MarkReceipts marks.read_through': [invalid('marks[0].read_through'), 'OK'],
    'SyncService/ListChanges after_revision': [invalid('after_revision'), 'OK'],
    'SyncService/GetRangeDigest from_sequence': [invalid('from_sequence'), invalid('from_sequence')],
    'SyncService/GetRangeDigest to_sequence': [invalid('to_sequence'), invalid('to_sequence')],
  }
  /** Files are not sent yet, what is output only is ignored, and times have a test of their own. */
  const cases = METHODS.flatMap((method) =>
    requestFields(method.input)
      .filter(({ path, field }) => field.fieldKind === 'scalar' && field.scalar === 3 && !/payload\.|_time\./.test(path))
      .map(({ path }) => ({ method, path, row: `${nameOf(method)} ${path}` })),
  )

  it('has a row wherever a request takes one', () => {
    expect(cases.map(({ row }) => row)).toEqual(Object.keys(rows))
  })

  it.each(cases)('in $row may be anything without harm', async ({ method, path, row }) => {
    const kind = callersOf(method)[0]!
    const call = async (value: bigint) => {
      const request = clone(method.input, validRequest(method, kind, scene))
      setField(request, method.input, path, value)
      return await outcome(callerOf(method, kind, scene), method, request)
    }
    const [negative, huge] = rows[row]!
    for (const value of [-1n, MIN_INT64]) expect([value, await call(value)]).toEqual([value, negative])
    for (const value of [MAX_INT64, 9_007_199_254_740_993n * 1000n]) expect([value, await call(value)]).toEqual([value, huge])
  })
})

describe('a whole number of 32 bits', () => {
  const cases = METHODS.flatMap((method) =>
    requestFields(method.input)
      .filter(({ path, field }) => field.fieldKind === 'scalar' && field.scalar === 5 && !/payload\.|nanos/.test(path))
      .map(({ path }) => ({ method, path, row: `${nameOf(method)} ${path}` })),
  )
  it.each(cases)('in $row is refused when it is negative or too large', async ({ method, path }) => {
    const kind = callersOf(method)[0]!
    for (const value of [-1, -2_147_483_648, 2_147_483_647]) {
      const request = clone(method.input, validRequest(method, kind, scene))
      setField(request, method.input, path, value)
      expect([value, await outcome(callerOf(method, kind, scene), method, request)]).toEqual([value, invalid(path)])
    }
  })
})

describe('a place beyond the end', () => {
  it('lists nothing, or what is nearest, and changes nothing', async () => {
    const list = async (position: object) => (await ana.call(listMessages, { conversationId: group, position: position as never })).messages
    expect(await list({ case: 'since', value: MAX_INT64 })).toEqual([])
    expect((await list({ case: 'before', value: MAX_INT64 })).map(({ sequence }) => sequence)).toEqual([
      10n,
      9n,
      8n,
      7n,
      6n,
      5n,
      4n,
      3n,
      2n,
      1n,
    ])
    expect(await list({ case: 'before', value: 1n })).toEqual([])
    expect(await list({ case: 'around', value: MAX_INT64 })).toEqual([])
    expect(await list({ case: 'fromTime', value: { seconds: 253_402_300_799n, nanos: 999_999_999 } })).toEqual([])
    expect((await ana.call(listChanges, { conversationId: group, afterRevision: MAX_INT64 })).events).toEqual([])
  })

  it('is taken for the last message by receipts', async () => {
    const { bo } = scene
    const { results } = await bo.call(ReceiptService.method.markReceipts, { marks: [{ conversationId: group, readThrough: MAX_INT64 }] })
    expect(results[0]?.receipt).toMatchObject({ deliveredThrough: 10n, readThrough: 10n })
    const { message } = await ana.call(MessageService.method.getMessage, { messageId: (await ana.say(group, 'unread')).messageId })
    const { receipts } = await ana.call(ReceiptService.method.listReceipts, { conversationId: group })
    expect([message?.sequence, receipts.find(({ userId }) => userId === bo.id)?.readThrough]).toEqual([11n, 10n])
  })

  it('has an empty digest, and a range that is too long or turned around is refused', async () => {
    const digest = (fromSequence: bigint, toSequence: bigint) =>
      ana.call(getRangeDigest, { conversationId: group, fromSequence, toSequence })
    expect((await digest(1_000_000n, 1_009_999n)).count).toBe(0n)
    const last = BigInt(Number.MAX_SAFE_INTEGER)
    expect((await digest(last, last)).count).toBe(0n)
    expect(await refused(digest(1n, 10_000n))).toBe('OK')
    expect(await refused(digest(1n, 10_001n))).toBe('INVALID_ARGUMENT FIELD_INVALID')
    expect(await refused(digest(2n, 1n))).toBe('INVALID_ARGUMENT FIELD_INVALID')
    expect(await refused(digest(0n, 1n))).toBe(invalid('from_sequence'))
  })

  it('in time may be any time that Protobuf has, before or after ours, and no other', async () => {
    const list = (seconds: bigint, nanos = 0) =>
      refused(ana.call(listMessages, { conversationId: group, position: { case: 'fromTime', value: { seconds, nanos } } }))
    expect(await list(0n)).toBe('OK')
    expect(await list(-62_135_596_800n)).toBe('OK')
    expect(await list(253_402_300_799n, 999_999_999)).toBe('OK')
    expect(await list(0n, -2_147_483_648)).toBe('OK')
    for (const [seconds, nanos] of [
      [-62_135_596_801n, 0],
      [253_402_300_800n, 0],
      [MIN_INT64, 0],
      [MAX_INT64, 2_147_483_647],
    ] as const)
      expect([seconds, nanos, await list(seconds, nanos)]).toEqual([seconds, nanos, invalid('from_time')])
  })

  it('ends a lifetime of a token and a grace of a secret within their limits', async () => {
    const mint = (seconds: bigint, nanos = 0) =>
      refused(acme.call(AuthService.method.createUserToken, { userId: ana.id, ttl: { seconds, nanos } }))
    expect(await mint(86_400n)).toBe('OK')
    expect(await mint(1n)).toBe('OK')
    for (const [seconds, nanos] of [
      [86_400n, 1],
      [0n, 999_999_999],
      [0n, 0],
      [1n, -1],
    ] as const)
      expect([seconds, nanos, await mint(seconds, nanos)]).toEqual([seconds, nanos, invalid('ttl')])
  })
})

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = (token: string) => JSON.parse(Buffer.from(token, 'base64url').toString()) as unknown[]

describe('a page token', () => {
  /** Every listing that has pages: asks for one item at a time. */
  const listings: Readonly<Record<string, (pageToken: string) => Promise<string>>> = {
    'AdminService/ListTenants': async (pageToken) =>
      (await world.operator.call(AdminService.method.listTenants, { pageSize: 1, pageToken })).nextPageToken,
    'AdminService/ListApiClients': async (pageToken) =>
      (await acme.call(AdminService.method.listApiClients, { pageSize: 1, pageToken })).nextPageToken,
    'UserService/ListUsers': async (pageToken) => (await acme.call(UserService.method.listUsers, { pageSize: 1, pageToken })).nextPageToken,
    'ConversationService/ListConversations': async (pageToken) =>
      (await ana.call(listConversations, { pageSize: 1, pageToken })).nextPageToken,
    'ConversationService/ListMembers': async (pageToken) =>
      (await ana.call(listMembers, { conversationId: group, pageSize: 1, pageToken })).nextPageToken,
    'MessageService/ListMessages': async (pageToken) =>
      (await ana.call(listMessages, { conversationId: group, pageSize: 1, pageToken })).nextPageToken,
  }
  beforeAll(async () => {
    await acme.call(AdminService.method.createApiClient, {})
    await acme.group(ana)
  })

  it('is tried on every listing that has pages', () => {
    const paged = METHODS.filter((method) => requestFields(method.input).some(({ path }) => path === 'page_token'))
    expect(paged.map(nameOf).sort()).toEqual(Object.keys(listings).sort())
  })

  it.each(Object.keys(listings))('of %s is good for that query alone', async (name) => {
    const token = await listings[name]!('')
    expect(token).not.toBe('')
    expect(await refused(listings[name]!(token))).toBe('OK')
    for (const [other, list] of Object.entries(listings))
      if (other !== name) expect([other, await refused(list(token))]).toEqual([other, MISMATCH])
  })

  it.each(Object.keys(listings))('of %s can be nothing that the server did not make', async (name) => {
    const token = await listings[name]!('')
    const [bound] = decode(token)
    const forged = [
      'x',
      ' ',
      '*',
      '\0',
      'AAAA',
      `${token}AAAA`,
      token.slice(0, -4),
      token.toUpperCase(),
      encode([]),
      encode({}),
      encode([bound]),
      encode([bound, null]),
      encode([bound, { at: '-1', id: '' }]),
      encode([bound, { after: '1', before: '1' }].slice(0, 1)),
      encode([bound, { after: 'x' }]),
      encode([bound, [1, 2, 3]]),
      encode([bound, 7]),
      `${'['.repeat(700)}`,
    ]
    for (const bad of forged) expect([bad, await refused(listings[name]!(bad))]).toEqual([bad, MISMATCH])
    expect(await refused(listings[name]!('x'.repeat(1_025)))).toBe(invalid('page_token'))
  })

  it.each(Object.keys(listings))('of %s may name any place without harm', async (name) => {
    const [bound] = decode(await listings[name]!(''))
    for (const place of [
      '',
      'zzz',
      '\0',
      "' OR 1=1 --",
      { after: '9999999999999999999' },
      { before: '9999999999999999999' },
      { at: '9999999999999999999', id: '*' },
      { at: '0', id: newId() },
    ]) {
      const outcome = await refused(listings[name]!(encode([bound, place])))
      expect([place, ['OK', MISMATCH].includes(outcome)]).toEqual([place, true])
    }
  })

  it('is bound to the user, the conversation, and the place where the listing began', async () => {
    const other = await acme.group(ana)
    const first = (request: object) => ana.call(listMessages, { conversationId: group, pageSize: 2, ...request })
    const since = (value: bigint) => ({ position: { case: 'since', value } as const })
    const { nextPageToken } = await first(since(1n))
    expect(await refused(first({ ...since(1n), pageToken: nextPageToken, pageSize: 5 }))).toBe('OK')
    expect(await refused(first({ ...since(2n), pageToken: nextPageToken }))).toBe(MISMATCH)
    expect(await refused(first({ pageToken: nextPageToken }))).toBe(MISMATCH)
    expect(await refused(first({ position: { case: 'before', value: 1n }, pageToken: nextPageToken }))).toBe(MISMATCH)
    expect(await refused(ana.call(listMessages, { conversationId: other, pageToken: nextPageToken, ...since(1n) }))).toBe(MISMATCH)
    const mine = await ana.call(listConversations, { pageSize: 1 })
    expect(await refused(scene.bo.call(listConversations, { pageToken: mine.nextPageToken }))).toBe(MISMATCH)
    expect(await refused(acme.call(listConversations, { pageToken: mine.nextPageToken, userId: scene.bo.id }))).toBe(MISMATCH)
    expect(await refused(acme.call(listConversations, { pageToken: mine.nextPageToken, userId: ana.id }))).toBe('OK')
    const bolt = await world.tenant()
    const tenants = await acme.call(UserService.method.listUsers, { pageSize: 1 })
    expect(await refused(bolt.call(UserService.method.listUsers, { pageToken: tenants.nextPageToken }))).toBe(MISMATCH)
  })
})

describe('a cursor', () => {
  const sync = (cursor: string) => refused(ana.call(syncChanges, { cursor }))
  const subscribe = async (cursor: string) => {
    const live = Live.open(ana.client, cursor)
    const outcome = await refused(live)
    if (outcome === 'OK') (await live)[Symbol.dispose]()
    return outcome
  }

  it('can be nothing that the server did not make', async () => {
    const { cursor } = await ana.call(syncChanges, {})
    const made = decode(cursor) as unknown as { p: Record<string, string>; r: string }
    const page = { p: made.p, r: made.r, c: group, v: '1' }
    const forged = [
      'x',
      '*',
      '\0',
      'AAAA',
      cursor.slice(0, -4),
      cursor.toUpperCase(),
      encode([]),
      encode({}),
      encode({ p: made.p }),
      encode({ ...made, x: 1 }),
      encode({ ...made, r: '-1' }),
      encode({ ...made, r: 7 }),
      encode({ ...made, p: { '-1': '0' } }),
      encode({ ...made, p: { '0': 'zzzzzzzzzzzzz' } }),
      encode({ ...made, p: { '0': '1y2p0ij32e8e8' } }),
      encode({ ...made, p: { '9999': '1' } }),
      encode({ ...made, g: 7 }),
      encode({ ...made, g: { ...page, c: 'x'.repeat(37) } }),
      encode({ ...made, g: { ...page, v: 'not a number' } }),
      encode({ ...made, g: { ...page, p: { '0': 'zzzzzzzzzzzzz' } } }),
      (await listMessagesToken()) ?? 'none',
    ]
    for (const bad of forged) expect([bad, await sync(bad), await subscribe(bad)]).toEqual([bad, MISMATCH, MISMATCH])
    expect(await sync('x'.repeat(1_025))).toBe(invalid('cursor'))
    expect(await subscribe('x'.repeat(1_025))).toBe(invalid('cursor'))
  })

  it('that names a far time or an odd conversation does no harm', async () => {
    const { cursor } = await ana.call(syncChanges, {})
    const made = decode(cursor) as unknown as { p: Record<string, string>; r: string }
    const page = { p: made.p, r: made.r, c: group, v: '1' }
    for (const odd of [
      { ...made, r: '0' },
      { ...made, r: 'zzzzzzzzzzzzz' },
      { ...made, r: '1y2p0ij32e8e7' },
      { p: {}, r: '0' },
      { ...made, g: { ...page, v: 'zzzzzzzzzzzzz' } },
      { ...made, g: { ...page, r: 'zzzzzzzzzzzzz' } },
      { ...made, g: { ...page, c: '' } },
      { ...made, g: { ...page, c: '*' } },
      { ...made, g: { ...page, c: newId() } },
    ]) {
      const outcomes = [await sync(encode(odd)), await subscribe(encode(odd))]
      expect([odd, outcomes.every((outcome) => ['OK', MISMATCH].includes(outcome))]).toEqual([odd, true])
    }
  })

  it('of somebody else shows nothing of theirs', async () => {
    const [eve] = (await acme.people('eve')) as [Person]
    const before = await ana.call(syncChanges, {})
    await ana.say(group, 'not for Eve')
    expect((await eve.call(syncChanges, { cursor: before.cursor })).events).toEqual([])
    const { events } = await ana.call(syncChanges, { cursor: before.cursor })
    expect(events.filter(({ kind }) => kind.case === 'messageCreated')).toHaveLength(1)
  })

  async function listMessagesToken(): Promise<string> {
    return (await ana.call(listMessages, { conversationId: group, pageSize: 1 })).nextPageToken
  }
})

it('lets no caller choose a request id, a title or metadata beyond their limits', async () => {
  const { createConversation, updateConversation } = ConversationService.method
  const make = (more: object) => refused(ana.call(createConversation, { type: 2, members: [scene.bo.id], ...more }))
  for (const requestId of ['a b', 'a\n', '\0', 'é', 'x'.repeat(129)])
    expect([requestId, await make({ requestId })]).toEqual([requestId, invalid('request_id')])
  for (const requestId of ['*', '>', 'a.b', '../a', "'", 'x'.repeat(128)])
    expect([requestId, await make({ requestId })]).toEqual([requestId, 'OK'])
  expect(await make({ title: 'x'.repeat(257) })).toBe(invalid('title'))
  expect(await make({ title: '😀'.repeat(256) })).toBe('OK')
  expect(await make({ metadata: { a: 'x'.repeat(1_025) } })).toBe(invalid('metadata["a"]'))
  expect(await make({ metadata: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, ''])) })).toBe(invalid('metadata'))
  const update = (paths?: string[]) =>
    refused(
      ana.call(updateConversation, { conversationId: group, title: 'New', ...(paths === undefined ? {} : { updateMask: { paths } }) }),
    )
  expect(await update()).toBe(invalid('update_mask'))
  expect(await update([])).toBe(invalid('update_mask'))
  expect(await update(['conversation_id'])).toBe(invalid('update_mask'))
  expect(await update(['title.x'])).toBe(invalid('update_mask'))
  expect((await ana.call(ConversationService.method.getConversation, { conversationId: group })).conversation?.title).toBe('')
})

it('takes every request that names a page of its own size', async () => {
  for (const method of METHODS.filter(({ input, methodKind }) => methodKind === 'unary' && input.field['pageSize'])) {
    if (accessOf(method) === Access.OPERATOR) continue
    const kind = callersOf(method)[0]!
    for (const size of [0, 1, 200]) {
      const request = clone(method.input, validRequest(method, kind, scene))
      setField(request, method.input, 'page_size', size)
      expect([nameOf(method), size, await outcome(callerOf(method, kind, scene), method, request)]).toEqual([nameOf(method), size, 'OK'])
    }
  }
})
