import { AlreadyExists, Conflict, type ConversationRow, type Directory, type NewOutboxEntry } from '@chat4all/ports'
import { engineMissing, PostgresServer } from '@chat4all/testkit'
import { Client, Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Database } from './database.ts'
import { openPostgresDirectory } from './index.ts'

const missing = engineMissing('postgres')
const tenantId = 'tenant'

/** Each directory has its own connections, as two processes would. */
describe('two directories on one PostgreSQL', () => {
  if (missing) return void it('race', ({ skip }) => skip(missing))

  let server: PostgresServer
  let both: readonly [Directory, Directory]
  beforeAll(async () => {
    server = await PostgresServer.start()
    const open = () => openPostgresDirectory({ url: server.url, poolSize: 5 })
    both = await Promise.all([open(), open()])
  })
  afterAll(async () => {
    await Promise.all(both.map((directory) => directory[Symbol.asyncDispose]()))
    await server[Symbol.asyncDispose]()
  })

  /** The n-th caller talks to one or the other. */
  const directoryOf = (n: number): Directory => both[n % 2]!

  it('give one of many callers the private conversation of two users', async () => {
    const conversations = Array.from({ length: 40 }, (_, n) => conversation(`private-${n}`, { privatePair: 'ana,bob' }))
    const results = await Promise.allSettled(
      conversations.map((row, n) =>
        directoryOf(n).createConversation(row, [member('ana'), member('bob')], {
          createUsers: n % 3 === 0 ? ['ana', 'bob'] : ['bob', 'ana'],
          outbox: [entry(row.conversationId, 'created')],
        }),
      ),
    )
    const winners = conversations.filter((_, n) => results[n]!.status === 'fulfilled')
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    expect(winners).toHaveLength(1)
    expect(errors).toEqual(errors.map(() => new AlreadyExists('private_pair')))
    for (const directory of both) expect(await directory.privateConversation(tenantId, 'ana,bob')).toEqual(winners[0])
    expect((await both[0].outbox(undefined, 1000)).filter((e) => e.conversationId.startsWith('private-'))).toHaveLength(1)
  })

  it('make one of many callers the first API client', async () => {
    await both[0].createTenant({ tenantId: 'new', name: '', createdAt: 1 })
    const clients = Array.from({ length: 40 }, (_, n) => ({
      clientId: `client-${n}`,
      tenantId: 'new',
      name: '',
      role: 1,
      secretHash: new Uint8Array([n]),
      createdAt: 1,
    }))
    const created = await Promise.all(clients.map((client, n) => directoryOf(n).createFirstApiClient(client)))
    expect(created.filter(Boolean)).toHaveLength(1)
    for (const directory of both) expect(await directory.apiClients('new', '', 100)).toEqual(clients.filter((_, n) => created[n]))
  })

  it('give one of many callers a request id', async () => {
    const ids = Array.from({ length: 40 }, (_, n) => `requested-${n}`)
    const results = await Promise.allSettled(
      ids.map((conversationId, n) =>
        directoryOf(n).createConversation(conversation(conversationId), [member('ana')], {
          createUsers: [],
          request: { tenantId, requestKey: 'ana 1', conversationId, fingerprint: 'f' },
          outbox: [],
        }),
      ),
    )
    const winner = ids.find((_, n) => results[n]!.status === 'fulfilled')
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    expect(errors).toEqual(Array.from({ length: 39 }, () => new AlreadyExists('request_id')))
    expect((await both[1].request(tenantId, 'ana 1'))!.conversationId).toBe(winner)
    expect(await both[0].conversations(tenantId, ids)).toHaveLength(1)
  })

  it("keep the order of each conversation's changes in the outbox", async () => {
    const ids = ['ordered-a', 'ordered-b', 'ordered-c']
    for (const id of ids) await both[0].createConversation(conversation(id), [], { createUsers: [], outbox: [] })
    /** Makes changes, each based on what it has read, until 10 of its own are in. */
    const change = async (directory: Directory, conversationId: string) => {
      for (let made = 0; made < 10; ) {
        const { version } = (await directory.conversation(tenantId, conversationId))!
        const put = { putMembers: [member(`user-${made}`)], removeMembers: [], createUsers: [`user-${made}`] }
        const outbox = [entry(conversationId, String(version + 1n))]
        await directory.changeConversation({ tenantId, conversationId, expectedVersion: version, updatedAt: 1, ...put, outbox }).then(
          () => made++,
          (error) => expect(error).toBeInstanceOf(Conflict),
        )
      }
    }
    await Promise.all(ids.flatMap((id) => [0, 1, 2, 3].map((n) => change(directoryOf(n), id))))
    for (const id of ids) {
      const versions = (await both[0].outbox(id, 1000)).map((e) => Number(Buffer.from(e.record).toString()))
      expect(versions).toEqual(Array.from({ length: 40 }, (_, n) => n + 2))
      expect(await both[1].conversation(tenantId, id)).toMatchObject({ version: 41n, memberCount: 10, memberVersion: 41n })
    }
  })

  it('leave one key that signs, whoever adds one at the same time', async () => {
    const keys = Array.from({ length: 10 }, (_, n) => ({ keyId: `key-${n}`, privateJwk: '{}', createdAt: 1000 }))
    await Promise.all(keys.map((key, n) => directoryOf(n).addSigningKey(key, 9000)))
    expect((await both[0].signingKeys()).filter((key) => key.retiredAt === undefined)).toHaveLength(1)
  })

  it('upsert the same users in any order at the same time', async () => {
    const users = Array.from({ length: 50 }, (_, n) => ({ userId: `many-${n}`, displayName: '', metadata: {} }))
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => {
        const named = users.map((user) => ({ ...user, displayName: `Name ${n}` }))
        return directoryOf(n).upsertUsers(tenantId, n % 4 < 2 ? named : named.toReversed(), n)
      }),
    )
    const stored = await both[0].users(
      tenantId,
      users.map((user) => user.userId),
    )
    expect(new Set(stored.map((user) => user.displayName)).size).toBe(1)
  })

  it('run a transaction again that the server undid because of a deadlock', async () => {
    await using db = new Database(new Pool({ connectionString: server.url }))
    await db.query('CREATE TABLE counters (id INT4 PRIMARY KEY, value INT4 NOT NULL)')
    await db.query('INSERT INTO counters VALUES (1, 0), (2, 0)')
    const bothStarted = Promise.withResolvers<void>()
    let started = 0
    const add = (first: number, second: number) =>
      db.transaction(async (tx) => {
        await tx.query('UPDATE counters SET value = value + 1 WHERE id = $1', first)
        started += 1
        if (started === 2) bothStarted.resolve()
        await bothStarted.promise
        await tx.query('UPDATE counters SET value = value + 1 WHERE id = $1', second)
      })
    await Promise.all([add(1, 2), add(2, 1)])
    expect(started).toBe(3)
    expect(await db.query('SELECT value FROM counters')).toEqual([{ value: 2 }, { value: 2 }])
  })

  it('never open more connections than they may, however many callers there are', async () => {
    const rows = await Promise.all(Array.from({ length: 200 }, (_, n) => directoryOf(n).users(tenantId, ['ana'])))
    expect(rows.every((found) => found.length === 1)).toBe(true)
    const client = new Client({ connectionString: server.url })
    await client.connect()
    const { rows: open } = await client.query("SELECT 1 FROM pg_stat_activity WHERE application_name = 'chat4all'")
    await client.end()
    expect(open.length).toBeLessThanOrEqual(10)
  })
})

function conversation(conversationId: string, more: Partial<ConversationRow> = {}): ConversationRow {
  const versions = { memberVersion: 1n, version: 1n, createdAt: 1, updatedAt: 1 }
  return { tenantId, conversationId, type: 2, title: '', metadata: {}, partition: 0, memberCount: 2, ...versions, ...more }
}

function member(userId: string) {
  return { userId, role: 1, joinedAt: 1 }
}

function entry(conversationId: string, text: string): NewOutboxEntry {
  return { tenantId, conversationId, partition: 0, key: `${conversationId} ${text}`, record: Buffer.from(text) }
}
