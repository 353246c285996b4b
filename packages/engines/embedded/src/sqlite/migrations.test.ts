import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { type Migration, migrate } from './migrations.ts'

const first: Migration = { version: 1, name: 'first', sql: 'CREATE TABLE a (x)' }
const second: Migration = { version: 2, name: 'second', sql: 'CREATE TABLE b (y); INSERT INTO b VALUES (1)' }

const open = () => new DatabaseSync(':memory:')
const tables = (db: DatabaseSync) => db.prepare("SELECT name FROM sqlite_schema WHERE name IN ('a', 'b') ORDER BY name").all()

test('applies what is missing, in order, once', () => {
  const db = open()
  migrate(db, [first])
  migrate(db, [first, second])
  migrate(db, [first, second])
  expect(tables(db)).toEqual([{ name: 'a' }, { name: 'b' }])
  expect(db.prepare('SELECT count(*) AS n FROM b').get()).toEqual({ n: 1 })
})

test('refuses a migration that was changed after it had been applied', () => {
  const db = open()
  migrate(db, [first])
  expect(() => migrate(db, [{ ...first, sql: 'CREATE TABLE a (x, z)' }])).toThrow('changed')
  expect(db.isTransaction).toBe(false)
})

test('refuses a database that is newer than the code', () => {
  const db = open()
  migrate(db, [first, second])
  expect(() => migrate(db, [first])).toThrow('newer')
})

test('refuses migrations that are not numbered 1, 2, 3', () => {
  expect(() => migrate(open(), [second])).toThrow('should have version 1')
})

test('applies nothing when one of them fails', () => {
  const db = open()
  expect(() => migrate(db, [first, { version: 2, name: 'broken', sql: 'CREATE TABLE b (y); nonsense' }])).toThrow()
  expect(tables(db)).toEqual([])
  migrate(db, [first, second])
  expect(tables(db)).toHaveLength(2)
})
