import { DatabaseSync } from 'node:sqlite'
import { DuplicateMessageId } from '@chat4all/ports'
import { Author, Log } from '@chat4all/ports/conformance'
import { expect, test } from 'vitest'
import { createApply } from './apply.ts'
import { KnownHeads } from './known-heads.ts'
import { createMessageReads } from './messages.ts'
import { migrations } from './schema.ts'

function empty() {
  const db = new DatabaseSync(':memory:')
  for (const { sql } of migrations) db.exec(sql)
  return { db, apply: createApply(db), reads: createMessageReads(db), log: new Log(0) }
}

test('a batch whose commit failed is stored when it is applied again', () => {
  const { db, apply, reads, log } = empty()
  const author = new Author(log, 'tenant')
  for (let batch = 0; batch < 3; batch++) {
    author.message('ana')
    author.change()
    const writes = [author.take()]
    db.exec('BEGIN')
    apply(0, log.end, writes)
    db.exec('ROLLBACK')
    db.exec('BEGIN')
    apply(0, log.end, writes)
    db.exec('COMMIT')
    expect(reads.heads([author.key])).toEqual([author.head])
    expect(reads.messages(author.key, { after: 0n }, 10)).toEqual(author.messages)
  }
})

test('a batch that failed half-way is stored when it is applied again', () => {
  const { db, apply, reads, log } = empty()
  const [one, two] = [new Author(log, 'tenant'), new Author(log, 'tenant')]
  one.message('ana')
  two.message('ana')
  const writes = [one.take(), two.take()]
  const broken = [writes[0]!, { ...writes[1]!, messages: writes[0]!.messages }]
  db.exec('BEGIN')
  expect(() => apply(0, log.end, broken)).toThrow(DuplicateMessageId)
  db.exec('ROLLBACK')
  apply(0, log.end, writes)
  for (const author of [one, two]) {
    expect(reads.heads([author.key])).toEqual([author.head])
    expect(reads.messages(author.key, { after: 0n }, 10)).toEqual(author.messages)
  }
})

test('conversations beyond those held in memory are looked up', () => {
  const { db, reads, log } = empty()
  const apply = createApply(db, new KnownHeads(db, 2))
  const authors = Array.from({ length: 5 }, () => new Author(log, 'tenant'))
  for (let round = 0; round < 3; round++) {
    for (const author of authors) author.message('ana')
    apply(
      0,
      log.end,
      authors.map((author) => author.take()),
    )
  }
  for (const author of authors) expect(reads.messages(author.key, { after: 0n }, 10)).toEqual(author.messages)
})
