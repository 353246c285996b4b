import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type {
  ApiClientRow,
  ConversationChange,
  ConversationRow,
  Directory,
  MemberRow,
  NewOutboxEntry,
  SigningKeyRow,
  TenantRow,
} from '../directory.ts'
import { AlreadyExists, Conflict } from '../errors.ts'

/** What the suite needs of an engine. */
export interface DirectoryFixture {
  /** Opens the engine on the same storage each time. The suite disposes of what it opened before it opens again. */
  open(): Promise<Directory>
}

const GROUP = 2
const PRIVATE = 1
const MEMBER = 1
const OWNER = 3

let count = 0
/** An id that no other test uses: tests share one storage. */
function unique(prefix: string): string {
  count += 1
  return `${prefix}-${String(count).padStart(6, '0')}`
}

/** Cases of the Directory contract. */
export function directoryConformance(engine: string, fixture: DirectoryFixture): void {
  describe(`Directory on ${engine}`, () => {
    let directory: Directory
    let tenantId: string

    beforeAll(async () => {
      directory = await fixture.open()
      tenantId = unique('tenant')
      await directory.createTenant(tenantRow(tenantId))
    })
    afterAll(() => directory[Symbol.asyncDispose]())

    const group = (conversationId: string, more: Partial<ConversationRow> = {}): ConversationRow => ({
      tenantId,
      conversationId,
      type: GROUP,
      title: 'Team',
      metadata: {},
      partition: 3,
      memberCount: 1,
      memberVersion: 1n,
      version: 1n,
      createdAt: 1000,
      updatedAt: 1000,
      ...more,
    })
    const entry = (conversationId: string, text: string): NewOutboxEntry => ({
      tenantId,
      conversationId,
      partition: 3,
      key: unique('key'),
      record: Buffer.from(text),
    })
    const change = (conversationId: string, expectedVersion: bigint, more: Partial<ConversationChange> = {}): ConversationChange => ({
      tenantId,
      conversationId,
      expectedVersion,
      putMembers: [],
      removeMembers: [],
      updatedAt: 2000,
      createUsers: [],
      outbox: [],
      ...more,
    })
    const createGroup = async (members: readonly MemberRow[] = [member('ana', OWNER)]): Promise<string> => {
      const id = unique('conversation')
      await directory.createConversation(group(id, { memberCount: members.length }), members, { createUsers: [], outbox: [] })
      return id
    }

    describe('tenants', () => {
      it('gives back a tenant, and nothing for one that does not exist', async () => {
        const tenant = { ...tenantRow(unique('tenant')), name: 'Ação & Søn \u0000 🙂' }
        await directory.createTenant(tenant)
        expect(await directory.tenant(tenant.tenantId)).toEqual(tenant)
        expect(await directory.tenant('nobody')).toBeUndefined()
      })

      it('refuses a tenant id that is taken and keeps the first', async () => {
        const tenant = tenantRow(unique('tenant'))
        await directory.createTenant(tenant)
        await expect(directory.createTenant({ ...tenant, name: 'other' })).rejects.toThrow(new AlreadyExists('tenant'))
        expect(await directory.tenant(tenant.tenantId)).toEqual(tenant)
      })

      it('pages tenants by id', async () => {
        const before = unique('tenant')
        const ids = [unique('tenant'), unique('tenant'), unique('tenant')]
        for (const id of ids.toReversed()) await directory.createTenant(tenantRow(id))
        expect((await directory.tenants(before, 2)).map((t) => t.tenantId)).toEqual(ids.slice(0, 2))
        expect((await directory.tenants(ids[1]!, 100)).map((t) => t.tenantId)).toEqual(ids.slice(2))
      })
    })

    describe('API clients', () => {
      it('gives back a client, and nothing for one that does not exist', async () => {
        const client = { ...apiClient(unique('client'), tenantId), previousSecretHash: new Uint8Array([9]), previousSecretExpiresAt: 5000 }
        await directory.createApiClient(client)
        expect(await directory.apiClient(client.clientId)).toEqual(client)
        expect(await directory.apiClient('nobody')).toBeUndefined()
      })

      it('keeps the former secret only when a new one says until when', async () => {
        const client = apiClient(unique('client'), tenantId)
        await directory.createApiClient(client)
        const [second, third] = [new Uint8Array([2]), new Uint8Array([3])]
        const rotated = { ...client, secretHash: second, previousSecretHash: client.secretHash, previousSecretExpiresAt: 7000 }
        const grace = { kind: 'secret', secretHash: second, previousSecretExpiresAt: 7000 } as const
        expect(await directory.updateApiClient(client.clientId, grace)).toEqual(rotated)
        expect(await directory.apiClient(client.clientId)).toEqual(rotated)
        await directory.updateApiClient(client.clientId, { kind: 'secret', secretHash: third })
        expect(await directory.apiClient(client.clientId)).toEqual({ ...client, secretHash: third })
        expect(await directory.updateApiClient('nobody', { kind: 'secret', secretHash: third })).toBeUndefined()
      })

      it('revokes a client for good, at the time of the first call', async () => {
        const client = apiClient(unique('client'), tenantId)
        await directory.createApiClient(client)
        await directory.updateApiClient(client.clientId, { kind: 'revoke', revokedAt: 60_000 })
        await directory.updateApiClient(client.clientId, { kind: 'revoke', revokedAt: 61_000 })
        await directory.updateApiClient(client.clientId, { kind: 'secret', secretHash: client.secretHash })
        expect(await directory.apiClient(client.clientId)).toEqual({ ...client, revokedAt: 60_000 })
      })

      it('creates the first client of a tenant once, of many at the same time', async () => {
        const owner = unique('tenant')
        await directory.createTenant(tenantRow(owner))
        const clients = Array.from({ length: 8 }, () => apiClient(unique('client'), owner))
        const created = await Promise.all(clients.map((client) => directory.createFirstApiClient(client)))
        const first = clients.filter((_, n) => created[n])
        expect(first).toHaveLength(1)
        expect(await directory.apiClients(owner, '', 10)).toEqual(first)
        // Also when it is the same one, and when it has been revoked.
        await directory.updateApiClient(first[0]!.clientId, { kind: 'revoke', revokedAt: 60_000 })
        expect(await directory.createFirstApiClient(first[0]!)).toBe(false)
        expect(await directory.createFirstApiClient(clients.find((client) => client !== first[0])!)).toBe(false)
      })

      it('pages the clients of one tenant by id', async () => {
        const owner = unique('tenant')
        const ids = [unique('client'), unique('client'), unique('client')]
        for (const id of ids) await directory.createApiClient(apiClient(id, owner))
        await directory.createApiClient(apiClient(unique('client'), tenantId))
        expect((await directory.apiClients(owner, '', 2)).map((c) => c.clientId)).toEqual(ids.slice(0, 2))
        expect((await directory.apiClients(owner, ids[1]!, 2)).map((c) => c.clientId)).toEqual(ids.slice(2))
      })

      it('lists clients revoked at or after a time', async () => {
        const [early, late, never] = [unique('client'), unique('client'), unique('client')]
        await directory.createApiClient({ ...apiClient(early, tenantId), revokedAt: 70_000 })
        await directory.createApiClient({ ...apiClient(late, tenantId), revokedAt: 80_000 })
        await directory.createApiClient(apiClient(never, tenantId))
        expect(await directory.revokedApiClients(80_000)).toEqual([late])
        expect(await directory.revokedApiClients(70_000)).toEqual([early, late])
      })
    })

    describe('users', () => {
      const profile = (userId: string, displayName = '', metadata = {}) => ({ userId, displayName, metadata })

      it('inserts users and returns them in the order given', async () => {
        const [a, b] = [unique('user'), unique('user')]
        const rows = await directory.upsertUsers(tenantId, [profile(b, 'B', { k: 'v' }), profile(a, 'A')], 100)
        expect(rows).toEqual([
          { tenantId, userId: b, displayName: 'B', metadata: { k: 'v' }, createdAt: 100, updatedAt: 100 },
          { tenantId, userId: a, displayName: 'A', metadata: {}, createdAt: 100, updatedAt: 100 },
        ])
        expect(await directory.users(tenantId, [a, 'nobody', b])).toEqual(rows.toReversed())
      })

      it('replaces name and metadata and keeps the creation', async () => {
        const id = unique('user')
        await directory.upsertUsers(tenantId, [profile(id, 'A', { old: '1' })], 100)
        await directory.upsertUsers(tenantId, [profile(id, 'B', { new: '2' })], 200)
        expect(await directory.users(tenantId, [id])).toEqual([
          { tenantId, userId: id, displayName: 'B', metadata: { new: '2' }, createdAt: 100, updatedAt: 200 },
        ])
      })

      it('changes nothing when an upsert is repeated, in whatever order its metadata comes', async () => {
        const id = unique('user')
        await directory.upsertUsers(tenantId, [profile(id, 'A', { x: '1', y: '2' })], 100)
        const [row] = await directory.upsertUsers(tenantId, [profile(id, 'A', { y: '2', x: '1' })], 200)
        expect(row!.updatedAt).toBe(100)
      })

      it('keeps every character of names and metadata', async () => {
        const text = 'Zoë \u0000\r\n\u2028 🙂 "\\\' $1 %_'
        const [row] = await directory.upsertUsers(tenantId, [profile(unique('user'), text, { [text]: text, '': '' })], 100)
        expect(row).toMatchObject({ displayName: text, metadata: { [text]: text, '': '' } })
      })

      it('pages users by id, comparing bytes', async () => {
        const tenant = unique('tenant')
        const ids = ['+1', '10', '9', 'B', '_', 'a', 'a-b', 'aa', '~']
        await directory.upsertUsers(
          tenant,
          ids.toReversed().map((id) => profile(id)),
          100,
        )
        expect((await directory.listUsers(tenant, '', 4)).map((u) => u.userId)).toEqual(ids.slice(0, 4))
        expect((await directory.listUsers(tenant, 'B', 100)).map((u) => u.userId)).toEqual(ids.slice(4))
      })

      it('changes only what is given', async () => {
        const id = unique('user')
        await directory.upsertUsers(tenantId, [profile(id, 'A', { k: 'v' })], 100)
        expect(await directory.updateUser(tenantId, id, { displayName: 'B' }, 200)).toMatchObject({
          displayName: 'B',
          metadata: { k: 'v' },
        })
        expect(await directory.updateUser(tenantId, id, { metadata: {} }, 300)).toEqual({
          tenantId,
          userId: id,
          displayName: 'B',
          metadata: {},
          createdAt: 100,
          updatedAt: 300,
        })
        expect(await directory.updateUser(tenantId, 'nobody', { displayName: 'B' }, 200)).toBeUndefined()
      })

      it('lists deactivated users until they are upserted again', async () => {
        const id = unique('user')
        await directory.upsertUsers(tenantId, [profile(id)], 100)
        expect(await directory.updateUser(tenantId, id, { deactivatedAt: 90_000 }, 90_000)).toMatchObject({ deactivatedAt: 90_000 })
        expect(await directory.deactivatedUsers(90_000)).toContainEqual({ tenantId, userId: id })
        expect(await directory.deactivatedUsers(90_001)).not.toContainEqual({ tenantId, userId: id })
        const [row] = await directory.upsertUsers(tenantId, [profile(id)], 95_000)
        expect(row).not.toHaveProperty('deactivatedAt')
        expect(row!.updatedAt).toBe(95_000)
        expect(await directory.deactivatedUsers(0)).not.toContainEqual({ tenantId, userId: id })
      })

      it('keeps the same id of two tenants apart', async () => {
        const [id, other] = [unique('user'), unique('tenant')]
        await directory.upsertUsers(tenantId, [profile(id, 'Ours')], 100)
        expect(await directory.users(other, [id])).toEqual([])
        expect(await directory.updateUser(other, id, { displayName: 'Theirs' }, 200)).toBeUndefined()
        await directory.upsertUsers(other, [profile(id, 'Theirs')], 100)
        expect((await directory.users(tenantId, [id]))[0]!.displayName).toBe('Ours')
      })
    })

    describe('conversations', () => {
      it('creates a conversation with members, users, request and outbox entries', async () => {
        const id = unique('conversation')
        const [ana, bob] = [unique('user'), unique('user')]
        const row = group(id, { memberCount: 2, metadata: { b: '1', a: '2' } })
        const request = { tenantId, requestKey: unique('request'), conversationId: id, fingerprint: 'f' }
        const outbox = [entry(id, 'created'), entry(id, 'more')]
        const members = [member(ana, OWNER), member(bob)]
        await directory.createConversation(row, members.toReversed(), { createUsers: [ana, bob], request, outbox })

        expect(await directory.conversation(tenantId, id)).toEqual(row)
        expect(await directory.members(tenantId, id, '', 1000)).toEqual(members)
        expect(await directory.request(tenantId, request.requestKey)).toEqual(request)
        expect(await directory.users(tenantId, [ana])).toEqual([
          { tenantId, userId: ana, displayName: '', metadata: {}, createdAt: 1000, updatedAt: 1000 },
        ])
        expect((await directory.outbox(id, 10)).map(({ id: _, ...rest }) => ({ ...rest, record: Buffer.from(rest.record) }))).toEqual(
          outbox,
        )
      })

      it('leaves users that exist as they are', async () => {
        const ana = unique('user')
        const [before] = await directory.upsertUsers(tenantId, [{ userId: ana, displayName: 'Ana', metadata: { k: 'v' } }], 5)
        await directory.createConversation(group(unique('conversation')), [member(ana, OWNER)], { createUsers: [ana], outbox: [] })
        expect(await directory.users(tenantId, [ana])).toEqual([before])
      })

      it('keeps one private conversation per pair, whoever comes at the same time', async () => {
        const pair = unique('pair')
        const ids = Array.from({ length: 8 }, () => unique('conversation'))
        const results = await Promise.allSettled(
          ids.map((id) =>
            directory.createConversation(group(id, { type: PRIVATE, privatePair: pair, memberCount: 2 }), [member('ana'), member('bob')], {
              createUsers: [],
              outbox: [entry(id, 'created')],
            }),
          ),
        )
        const winners = ids.filter((_, i) => results[i]!.status === 'fulfilled')
        expect(winners).toHaveLength(1)
        for (const result of results) {
          if (result.status === 'rejected') expect(result.reason).toEqual(new AlreadyExists('private_pair'))
        }
        expect((await directory.privateConversation(tenantId, pair))!.conversationId).toBe(winners[0])
        const pending = await Promise.all(ids.map((id) => directory.outbox(id, 10)))
        expect(pending.flat()).toHaveLength(1)
      })

      it('keeps the same pair of two tenants apart', async () => {
        const [pair, other] = [unique('pair'), unique('tenant')]
        const ours = group(unique('conversation'), { type: PRIVATE, privatePair: pair })
        await directory.createConversation(ours, [], { createUsers: [], outbox: [] })
        expect(await directory.privateConversation(other, pair)).toBeUndefined()
        const theirs = { ...group(unique('conversation'), { type: PRIVATE, privatePair: pair }), tenantId: other }
        await directory.createConversation(theirs, [], { createUsers: [], outbox: [] })
        expect(await directory.privateConversation(tenantId, pair)).toEqual(ours)
        expect(await directory.privateConversation(other, pair)).toEqual(theirs)
      })

      it('takes a request id once and stores nothing of the second call', async () => {
        const request = { tenantId, requestKey: unique('request'), conversationId: unique('conversation'), fingerprint: 'f' }
        await directory.createConversation(group(request.conversationId), [], { createUsers: [], request, outbox: [] })
        const [second, user] = [unique('conversation'), unique('user')]
        const again = directory.createConversation(group(second), [member(user, OWNER)], {
          createUsers: [user],
          request: { ...request, conversationId: second },
          outbox: [entry(second, 'created')],
        })
        await expect(again).rejects.toThrow(new AlreadyExists('request_id'))
        expect(await directory.conversation(tenantId, second)).toBeUndefined()
        expect(await directory.users(tenantId, [user])).toEqual([])
        expect(await directory.members(tenantId, second, '', 10)).toEqual([])
        expect(await directory.outbox(second, 10)).toEqual([])
        expect((await directory.request(tenantId, request.requestKey))!.conversationId).toBe(request.conversationId)
      })

      it('does not use up the request id of a call that failed', async () => {
        const pair = unique('pair')
        const first = unique('conversation')
        await directory.createConversation(group(first, { privatePair: pair }), [], { createUsers: [], outbox: [] })
        const request = { tenantId, requestKey: unique('request'), conversationId: unique('conversation'), fingerprint: 'f' }
        const failing = directory.createConversation(group(request.conversationId, { privatePair: pair }), [], {
          createUsers: [],
          request,
          outbox: [],
        })
        await expect(failing).rejects.toThrow(new AlreadyExists('private_pair'))
        expect(await directory.request(tenantId, request.requestKey)).toBeUndefined()
      })

      it('finds nothing of another tenant', async () => {
        const id = await createGroup()
        const other = unique('tenant')
        expect(await directory.conversation(other, id)).toBeUndefined()
        expect(await directory.conversations(other, [id])).toEqual([])
        expect(await directory.members(other, id, '', 10)).toEqual([])
        await expect(directory.changeConversation({ ...change(id, 1n, { title: 'x' }), tenantId: other })).rejects.toThrow(Conflict)
      })

      it('reads many conversations in the order asked for', async () => {
        const ids = [await createGroup(), await createGroup(), await createGroup()]
        const asked = [ids[2]!, unique('conversation'), ids[0]!, ids[1]!]
        expect((await directory.conversations(tenantId, asked)).map((c) => c.conversationId)).toEqual([ids[2], ids[0], ids[1]])
        expect(await directory.conversations(tenantId, [])).toEqual([])
      })

      it('pages members by user id', async () => {
        const id = await createGroup(['a', 'B', 'c', '10'].map((userId) => member(userId)))
        expect((await directory.members(tenantId, id, '', 3)).map((m) => m.userId)).toEqual(['10', 'B', 'a'])
        expect((await directory.members(tenantId, id, 'a', 3)).map((m) => m.userId)).toEqual(['c'])
      })

      it('finds one member', async () => {
        const id = await createGroup([member('ana', OWNER), member('bob')])
        expect(await directory.member(tenantId, id, 'ana')).toEqual(member('ana', OWNER))
        expect(await directory.member(tenantId, id, 'nobody')).toBeUndefined()
        expect(await directory.member(unique('tenant'), id, 'ana')).toBeUndefined()
      })

      it('holds 1,000 members', async () => {
        const id = await createGroup(Array.from({ length: 1000 }, (_, i) => member(`user-${i}`)))
        expect(await directory.members(tenantId, id, '', 1000)).toHaveLength(1000)
        const row = await directory.changeConversation(change(id, 1n, { removeMembers: ['user-0'] }))
        expect(row.memberCount).toBe(999)
      })
    })

    describe('changes of a conversation', () => {
      it('changes what is given, counts versions and writes the outbox with it', async () => {
        const id = await createGroup()
        const row = await directory.changeConversation(
          change(id, 1n, { title: 'New', metadata: { k: 'v' }, outbox: [entry(id, 'updated')] }),
        )
        expect(row).toEqual(group(id, { title: 'New', metadata: { k: 'v' }, version: 2n, updatedAt: 2000 }))
        expect(await directory.conversation(tenantId, id)).toEqual(row)
        expect(await directory.changeConversation(change(id, 2n, { title: '' }))).toMatchObject({ title: '', metadata: { k: 'v' } })
        expect((await directory.outbox(id, 10)).map((e) => Buffer.from(e.record).toString())).toEqual(['updated'])
      })

      it('adds, replaces and removes members and keeps count', async () => {
        const id = await createGroup([member('ana', OWNER), member('bob')])
        const user = unique('user')
        const row = await directory.changeConversation(
          change(id, 1n, { putMembers: [member(user), { userId: 'bob', role: OWNER, joinedAt: 7 }], createUsers: [user] }),
        )
        expect(row).toMatchObject({ memberCount: 3, memberVersion: 2n, version: 2n })
        expect(await directory.users(tenantId, [user])).toMatchObject([{ userId: user, createdAt: 2000 }])
        expect(await directory.members(tenantId, id, '', 10)).toContainEqual({ userId: 'bob', role: OWNER, joinedAt: 7 })
        const after = await directory.changeConversation(change(id, 2n, { removeMembers: ['ana', 'nobody'] }))
        expect(after).toMatchObject({ memberCount: 2, memberVersion: 3n })
        expect((await directory.members(tenantId, id, '', 10)).map((m) => m.userId)).toEqual(['bob', user])
      })

      it('leaves the member version alone when only the title changes', async () => {
        const id = await createGroup()
        expect((await directory.changeConversation(change(id, 1n, { title: 'x' }))).memberVersion).toBe(1n)
      })

      it('refuses a version that is not the present one, and stores nothing', async () => {
        const id = await createGroup()
        await directory.changeConversation(change(id, 1n, { title: 'first' }))
        const user = unique('user')
        const late = change(id, 1n, { title: 'late', putMembers: [member(user)], createUsers: [user], outbox: [entry(id, 'late')] })
        await expect(directory.changeConversation(late)).rejects.toThrow(Conflict)
        expect(await directory.conversation(tenantId, id)).toMatchObject({ title: 'first', memberCount: 1, version: 2n })
        expect(await directory.users(tenantId, [user])).toEqual([])
        expect(await directory.outbox(id, 10)).toEqual([])
      })

      it('refuses to change a conversation that does not exist', async () => {
        await expect(directory.changeConversation(change(unique('conversation'), 1n, { title: 'x' }))).rejects.toThrow(Conflict)
      })

      it('lets one of several changes with the same version win', async () => {
        const id = await createGroup()
        const titles = ['a', 'b', 'c', 'd', 'e']
        const results = await Promise.allSettled(titles.map((title) => directory.changeConversation(change(id, 1n, { title }))))
        expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1)
        expect((await directory.conversation(tenantId, id))!.version).toBe(2n)
      })
    })

    describe('the outbox', () => {
      it('gives entries in the order of their changes, of one conversation or of all', async () => {
        const [a, b] = [await createGroup(), await createGroup()]
        await directory.changeConversation(change(a, 1n, { title: '1', outbox: [entry(a, 'a1'), entry(a, 'a2')] }))
        await directory.changeConversation(change(b, 1n, { title: '1', outbox: [entry(b, 'b1')] }))
        await directory.changeConversation(change(a, 2n, { title: '2', outbox: [entry(a, 'a3')] }))
        const texts = (entries: readonly { readonly record: Uint8Array }[]) => entries.map((e) => Buffer.from(e.record).toString())
        expect(texts(await directory.outbox(a, 10))).toEqual(['a1', 'a2', 'a3'])
        expect(texts(await directory.outbox(a, 2))).toEqual(['a1', 'a2'])
        const all = await directory.outbox(undefined, 1000)
        expect(texts(all.filter((e) => e.conversationId === a || e.conversationId === b))).toEqual(['a1', 'a2', 'b1', 'a3'])
        expect(all.map((e) => e.id)).toEqual(all.map((e) => e.id).toSorted((x, y) => Number(x - y)))
      })

      it('forgets what is cleared, and never uses a number twice', async () => {
        const id = await createGroup()
        await directory.changeConversation(change(id, 1n, { title: '1', outbox: [entry(id, '1'), entry(id, '2')] }))
        const first = await directory.outbox(id, 10)
        await directory.clearOutbox(first.map((e) => e.id))
        await directory.clearOutbox([...first.map((e) => e.id)])
        expect(await directory.outbox(id, 10)).toEqual([])
        await directory.changeConversation(change(id, 2n, { title: '2', outbox: [entry(id, '3')] }))
        const [next] = await directory.outbox(id, 10)
        expect(next!.id).toBeGreaterThan(first[1]!.id)
        await directory.clearOutbox([])
      })
    })

    describe('signing keys and revoked tokens', () => {
      it('retires all other keys when one is added, and lists the newest first', async () => {
        const [old, mid, now] = [signingKey(unique('key'), 1000), signingKey(unique('key'), 2000), signingKey(unique('key'), 2000)]
        await directory.addSigningKey(old, 0)
        await directory.addSigningKey(mid, 50_000)
        await directory.addSigningKey(now, 60_000)
        expect((await directory.signingKeys()).slice(0, 3)).toEqual([
          now,
          { ...mid, retiredAt: 2000, expiresAt: 60_000 },
          { ...old, retiredAt: 2000, expiresAt: 50_000 },
        ])
      })

      it('remembers revoked tokens until they expire', async () => {
        const [short, long] = [unique('token'), unique('token')]
        await directory.revokeToken({ tokenId: short, expiresAt: 1000 }, 500)
        await directory.revokeToken({ tokenId: long, expiresAt: 2000 }, 500)
        await directory.revokeToken({ tokenId: long, expiresAt: 9000 }, 500)
        expect(await directory.revokedTokens(999)).toEqual([
          { tokenId: short, expiresAt: 1000 },
          { tokenId: long, expiresAt: 2000 },
        ])
        expect(await directory.revokedTokens(1000)).toEqual([{ tokenId: long, expiresAt: 2000 }])
        await directory.revokeToken({ tokenId: unique('token'), expiresAt: 3000 }, 2000)
        expect((await directory.revokedTokens(0)).map((t) => t.tokenId)).not.toContain(long)
      })
    })

    it('has everything again after it is opened anew', async () => {
      const id = await createGroup([member('ana', OWNER), member('bob')])
      const row = await directory.changeConversation(change(id, 1n, { title: 'Kept', outbox: [entry(id, 'kept')] }))
      const [members, outbox, keys] = await Promise.all([
        directory.members(tenantId, id, '', 10),
        directory.outbox(id, 10),
        directory.signingKeys(),
      ])
      await directory[Symbol.asyncDispose]()
      directory = await fixture.open()
      expect(await directory.conversation(tenantId, id)).toEqual(row)
      expect(await directory.members(tenantId, id, '', 10)).toEqual(members)
      expect(await directory.outbox(id, 10)).toEqual(outbox)
      expect(await directory.signingKeys()).toEqual(keys)
    })
  })
}

function tenantRow(tenantId: string): TenantRow {
  return { tenantId, name: `Name of ${tenantId}`, createdAt: 1_760_000_000_123 }
}

function apiClient(clientId: string, tenantId: string): ApiClientRow {
  return { clientId, tenantId, name: 'Server', role: 1, secretHash: new Uint8Array([0, 255, 7]), createdAt: 1_760_000_000_123 }
}

function member(userId: string, role = MEMBER): MemberRow {
  return { userId, role, joinedAt: 1000 }
}

function signingKey(keyId: string, createdAt: number): SigningKeyRow {
  return { keyId, privateJwk: '{"kty":"OKP"}', createdAt }
}
