import { expect, it } from 'vitest'
import { connectToKeyspace } from '../cql/keyspace.ts'
import { type Migration, migrate } from '../cql/migrate.ts'
import { migrations } from '../message-store/schema.ts'
import { openScyllaMessageStore } from '../message-store.ts'
import type { Cassandra } from './cassandra.ts'

export function migrationCases(cassandra: Cassandra): void {
  const one: Migration = { version: 1, name: 'one', statements: ['CREATE TABLE IF NOT EXISTS one (id int PRIMARY KEY)'] }
  const two: Migration = { version: 2, name: 'two', statements: ['ALTER TABLE one ADD text text'] }

  it('are run once when several processes start at the same time', async () => {
    const keyspace = cassandra.keyspace('at_once')
    const stores = await Promise.all(Array.from({ length: 6 }, () => openScyllaMessageStore(keyspace)))
    await stores[0]!.setCheckpoint(3, 7n)
    for (const store of stores) expect(await store.checkpoint(3)).toBe(7n)
    await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()))
    await using cql = await connectToKeyspace(keyspace)
    expect(await cql.rows('SELECT version FROM schema_migrations')).toHaveLength(migrations.length)
    expect(await cql.rows('SELECT owner FROM schema_lock')).toEqual([])
  })

  it('that cannot bear to run twice are run once by clients that start at the same time', async () => {
    const keyspace = cassandra.keyspace('alter_once')
    const clients = await Promise.all(Array.from({ length: 4 }, () => connectToKeyspace(keyspace)))
    await Promise.all(clients.map((cql) => migrate(cql, [one, two])))
    await clients[0]!.run('INSERT INTO one (id, text) VALUES (?, ?)', [1, 'there'])
    expect(await clients[3]!.row('SELECT id, text FROM one')).toMatchObject({ id: 1, text: 'there' })
    await Promise.all(clients.map((cql) => cql[Symbol.asyncDispose]()))
  })

  it('go on where they stopped', async () => {
    await using cql = await connectToKeyspace(cassandra.keyspace('in_steps'))
    await migrate(cql, [one])
    const broken = { ...two, statements: ['CREATE TABLE IF NOT EXISTS first (id int PRIMARY KEY)', 'this is no CQL'] }
    await expect(migrate(cql, [one, broken])).rejects.toThrow('no viable alternative')
    await migrate(cql, [one, two])
    expect(await cql.rows('SELECT version FROM schema_migrations')).toHaveLength(2)
  })

  it('refuse a keyspace that is newer than the program, or that was made by others', async () => {
    await using cql = await connectToKeyspace(cassandra.keyspace('other'))
    await migrate(cql, [one, two])
    await expect(migrate(cql, [one])).rejects.toThrow('newer than this program: it has migration 2 (two)')
    const edited = { ...two, statements: ['ALTER TABLE one ADD text int'] }
    await expect(migrate(cql, [one, edited])).rejects.toThrow('migration 2 (two) was changed')
  })

  it('take no name of a keyspace that is none', async () => {
    await expect(connectToKeyspace(cassandra.keyspace('a; DROP KEYSPACE b'))).rejects.toThrow('is no name of a keyspace')
  })
}
