import { randomUUID } from 'node:crypto'
import { engineMissing, PostgresServer } from '@chat4all/testkit'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPostgresDirectory } from './index.ts'
import { type Migration, migrate } from './migrations.ts'

const missing = engineMissing('postgres')

describe('migrations on PostgreSQL', () => {
  if (missing) return void it('migrates', ({ skip }) => skip(missing))

  let server: PostgresServer
  beforeAll(async () => {
    server = await PostgresServer.start()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  /** Runs SQL in one database, and returns the rows of it. */
  const run = async (url: string, sql: string): Promise<readonly unknown[]> => {
    const client = new Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query(sql)
    await client.end()
    return rows
  }
  const emptyDatabase = async (): Promise<string> => {
    const name = `t${randomUUID().replaceAll('-', '')}`
    await run(server.url, `CREATE DATABASE ${name}`)
    return server.url.replace(/c4a$/, name)
  }
  const create: Migration = { version: 1, name: 'create', sql: 'CREATE TABLE things (id INT4)' }
  const fill: Migration = { version: 2, name: 'fill', sql: 'INSERT INTO things VALUES (1), (2)' }

  it('lets many processes open an empty database at once', async () => {
    const url = await emptyDatabase()
    const directories = await Promise.all(Array.from({ length: 8 }, () => openPostgresDirectory({ url, poolSize: 1 })))
    for (const [index, directory] of directories.entries()) {
      await directory.createTenant({ tenantId: `tenant-${index}`, name: '', createdAt: 1 })
    }
    expect(await directories[0]!.tenants('', 100)).toHaveLength(8)
    expect(await run(url, 'SELECT version FROM schema_migrations')).toEqual([{ version: 1 }])
    await Promise.all(directories.map((directory) => directory[Symbol.asyncDispose]()))
  })

  it('runs only what is missing, and each step once', async () => {
    const connectionString = await emptyDatabase()
    await migrate({ connectionString }, [create])
    await Promise.all(Array.from({ length: 5 }, () => migrate({ connectionString }, [create, fill])))
    expect(await run(connectionString, 'SELECT id FROM things')).toHaveLength(2)
  })

  it('leaves nothing behind when a step fails', async () => {
    const connectionString = await emptyDatabase()
    const broken: Migration = { version: 2, name: 'broken', sql: 'INSERT INTO things VALUES (1); SELECT nothing' }
    await expect(migrate({ connectionString }, [create, broken])).rejects.toThrow('nothing')
    await migrate({ connectionString }, [create, fill])
    expect(await run(connectionString, 'SELECT id FROM things')).toHaveLength(2)
  })

  it('refuses a step that was changed after it had been applied', async () => {
    const connectionString = await emptyDatabase()
    await migrate({ connectionString }, [create])
    const changed = { ...create, sql: 'CREATE TABLE things (id INT8)' }
    await expect(migrate({ connectionString }, [changed, fill])).rejects.toThrow('migration 1 (create) was changed')
  })

  it('refuses a database that is newer than the program', async () => {
    const connectionString = await emptyDatabase()
    await migrate({ connectionString }, [create, fill])
    await expect(migrate({ connectionString }, [create])).rejects.toThrow('migration 2 (fill)')
  })
})
