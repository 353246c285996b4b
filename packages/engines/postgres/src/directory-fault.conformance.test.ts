import { type Logger, silentLogger } from '@chat4all/base'
import { type Directory, EngineUnavailable } from '@chat4all/ports'
import { engineMissing, PostgresServer, waitUntil } from '@chat4all/testkit'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPostgresDirectory } from './index.ts'

const missing = engineMissing('postgres')

/** Longer than any of the engine's time limits. */
const LIMIT_MS = 15_000

describe('Directory on a PostgreSQL in trouble', () => {
  if (missing) return void it('fails well', ({ skip }) => skip(missing))

  let server: PostgresServer
  let directory: Directory
  beforeAll(async () => {
    server = await PostgresServer.start()
    directory = await openPostgresDirectory({ url: server.url })
  })
  afterAll(async () => {
    await directory[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  const create = (tenantId: string) => directory.createTenant({ tenantId, name: '', createdAt: 1 })
  const answers = () =>
    directory.tenants('', 1).then(
      () => true,
      () => false,
    )

  it('works on after the server was restarted, without being opened again', async () => {
    await create('before')
    await server.node.restart()
    await waitUntil('the directory answers', answers)
    expect(await directory.tenant('before')).toBeDefined()
    await create('after')
  })

  it('says EngineUnavailable while the server is away', async () => {
    await server.node.stop()
    await expect(create('away')).rejects.toThrow(EngineUnavailable)
    await expect(openPostgresDirectory({ url: server.url })).rejects.toThrow(EngineUnavailable)
    await server.node.restart()
    await waitUntil('the directory answers', answers)
    expect(await directory.tenant('away')).toBeUndefined()
  })

  it('keeps what was acknowledged when the server is killed under load', async () => {
    const acknowledged: string[] = []
    const errors: unknown[] = []
    const writer = async (name: string) => {
      for (let n = 0; errors.length === 0; n++) {
        const tenantId = `${name}-${String(n).padStart(6, '0')}`
        await create(tenantId).then(
          () => acknowledged.push(tenantId),
          (error) => errors.push(error),
        )
      }
    }
    const writers = ['a', 'b', 'c', 'd'].map(writer)
    await waitUntil('100 tenants are there', () => acknowledged.length > 100)
    await server.node.kill()
    await Promise.all(writers)
    for (const error of errors) expect(error).toBeInstanceOf(EngineUnavailable)
    await server.node.restart()
    await waitUntil('the directory answers', answers)
    for (const tenantId of acknowledged) expect(await directory.tenant(tenantId)).toBeDefined()
  })

  it('gives up on a server that says nothing, and works on when it speaks again', { timeout: 60_000 }, async () => {
    server.node.pause()
    const start = performance.now()
    await expect(create('silent')).rejects.toThrow(EngineUnavailable)
    expect(performance.now() - start).toBeLessThan(LIMIT_MS)
    server.node.resume()
    await waitUntil('the directory answers', answers)
  })

  it('warns of a server that may lose what it acknowledged', async () => {
    const lines: unknown[] = []
    const logger = { ...silentLogger, warn: (fields: unknown) => lines.push(fields) } as unknown as Logger
    await using careful = await openPostgresDirectory({ url: server.url, logger })
    await careful.tenants('', 1)
    expect(lines).toEqual([])
    await using careless = await openPostgresDirectory({ url: `${server.url}?options=-c%20synchronous_commit%3Doff`, logger })
    await careless.tenants('', 1)
    expect(lines).toEqual([{ setting: 'synchronous_commit', value: 'off' }])
  })

  it('gives up on a row that somebody else holds', { timeout: 60_000 }, async () => {
    await directory.upsertUsers('tenant', [{ userId: 'held', displayName: '', metadata: {} }], 1)
    const other = new Client({ connectionString: server.url })
    await other.connect()
    await other.query("BEGIN; UPDATE users SET display_name = 'x' WHERE user_id = 'held'")
    await expect(directory.updateUser('tenant', 'held', { displayName: 'y' }, 2)).rejects.toThrow(EngineUnavailable)
    await other.end()
    expect(await directory.updateUser('tenant', 'held', { displayName: 'y' }, 2)).toMatchObject({ displayName: 'y' })
  })
})
