import { DatabaseSync } from 'node:sqlite'
import { type ConversationWrites, DuplicateMessageId } from '@chat4all/ports'
import { Author, Log } from '@chat4all/ports/conformance'
import { expect, test } from 'vitest'
import { createOperations } from '../message-store.worker.ts'
import { createBatchRunner } from '../sqlite/batch.ts'
import { createApply } from './apply.ts'
import { packBatch } from './batch.ts'
import { KnownHeads } from './known-heads.ts'
import { createMessageReads } from './messages.ts'
import { migrations } from './schema.ts'

function empty() {
  const db = new DatabaseSync(':memory:')
  for (const { sql } of migrations) db.exec(sql)
  return { db, run: createBatchRunner(db, createOperations(db)), reads: createMessageReads(db), log: new Log(0) }
}

const apply = (writes: readonly ConversationWrites[]) => ['apply', [packBatch(0, writes)]] as const

test('a batch whose transaction failed is stored when it is applied again', () => {
  const { run, reads, log } = empty()
  const author = new Author(log, 'tenant')
  for (let batch = 0; batch < 3; batch++) {
    author.message('ana')
    author.change()
    const { errors } = run([apply([author.take()]), ['nothing', undefined]])
    expect([...errors.keys()]).toEqual([1])
    expect(reads.heads([author.key])).toEqual([author.head])
    expect(reads.messages(author.key, { after: 0n }, 10)).toEqual(author.messages)
  }
})

test('a batch that failed half-way is stored when it is applied again', () => {
  const { run, reads, log } = empty()
  const [one, two] = [new Author(log, 'tenant'), new Author(log, 'tenant')]
  one.message('ana')
  two.message('ana')
  const writes = [one.take(), two.take()]
  const broken = [writes[0]!, { ...writes[1]!, messages: writes[0]!.messages }]
  for (const others of [[], [apply([])]]) expect(run([apply(broken), ...others]).errors.get(0)?.name).toBe(DuplicateMessageId.name)
  expect(run([apply(writes)]).errors.size).toBe(0)
  for (const author of [one, two]) {
    expect(reads.heads([author.key])).toEqual([author.head])
    expect(reads.messages(author.key, { after: 0n }, 10)).toEqual(author.messages)
  }
})

test('conversations beyond those held in memory are looked up', () => {
  const { db, reads, log } = empty()
  const applyTo = createApply(db, new KnownHeads(db, 2))
  const authors = Array.from({ length: 5 }, () => new Author(log, 'tenant'))
  for (let round = 0; round < 3; round++) {
    for (const author of authors) author.message('ana')
    applyTo(authors.map((author) => author.take()))
  }
  for (const author of authors) expect(reads.messages(author.key, { after: 0n }, 10)).toEqual(author.messages)
})
