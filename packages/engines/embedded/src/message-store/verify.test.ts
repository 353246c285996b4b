import { DatabaseSync } from 'node:sqlite'
import { IntegrityDefect } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import type { IntegrityFinding } from '@chat4all/ports'
import { Author, Log } from '@chat4all/ports/conformance'
import { describe, expect, test } from 'vitest'
import { createApply } from './apply.ts'
import { createExpire } from './expire.ts'
import { KnownHeads } from './known-heads.ts'
import { createReceiptWrites } from './receipts.ts'
import { migrations } from './schema.ts'
import { createVerify, type PageSize } from './verify.ts'

/** Two conversations of one tenant. The first has revisions: 1 joined, 2 to 5 messages 1 to 4, 6 an edit of message 1, 7 message 5, 8 a change. */
function stored() {
  const db = new DatabaseSync(':memory:')
  for (const { sql } of migrations) db.exec(sql)
  const log = new Log(0)
  const [one, two] = [new Author(log, 'tenant'), new Author(log, 'tenant')]
  for (const author of [one, two]) {
    author.join(['ana', 'bob'])
    for (let i = 0; i < 4; i++) author.message('ana')
    author.edit(1n, 'edited')
    author.message('bob')
    author.change()
  }
  createApply(db, new KnownHeads(db))([one.take(), two.take()])
  createReceiptWrites(db).raiseReceipts([{ ...one.key, userId: 'bob', deliveredThrough: 4n, readThrough: 3n, at: 1n }])
  return { db, one, two }
}

/** Lets rows in that the indexes would refuse. */
const DROP_INDEXES = 'DROP INDEX messages_by_sequence; DROP INDEX messages_by_id;'

function verifyAll(
  db: DatabaseSync,
  size?: PageSize,
): { readonly findings: IntegrityFinding[]; readonly pages: number; readonly messages: number } {
  const verify = createVerify(db, size)
  const findings: IntegrityFinding[] = []
  let [pages, messages] = [0, 0]
  for (let cursor: string | undefined = ''; cursor !== undefined; pages++) {
    const page = verify('tenant', cursor)
    findings.push(...page.findings)
    messages += page.messages
    cursor = page.next
  }
  return { findings, pages, messages }
}

/** The defects of the first conversation after some SQL was run, as names with numbers. */
function defectsAfter(sql: string): string[] {
  const { db, one } = stored()
  db.exec(sql)
  const { findings } = verifyAll(db)
  expect(findings.every(({ conversationId }) => conversationId === one.key.conversationId)).toBe(true)
  return findings.map(({ defect, number }) => `${IntegrityDefect[defect]} ${number}`)
}

describe('a check of everything stored', () => {
  test('finds nothing in a store that is as it should be', () => {
    expect(defectsAfter('')).toEqual([])
  })

  test('finds a message that is gone', () => {
    expect(defectsAfter('DELETE FROM messages WHERE conversation = 1 AND sequence = 3')).toEqual(['SEQUENCE_GAP 3'])
  })

  test('finds that the last message is gone', () => {
    expect(defectsAfter('DELETE FROM messages WHERE conversation = 1 AND sequence = 5')).toEqual([
      'REVISION_GAP 7',
      'SEQUENCE_GAP 5',
      'HEAD_MISMATCH 4',
    ])
  })

  test('finds two messages with one sequence', () => {
    const copy = `INSERT INTO messages SELECT conversation, sequence, tenant, randomblob(16), revision, position, accepted_at, sender, data
      FROM messages WHERE conversation = 1 AND sequence = 2`
    expect(defectsAfter(DROP_INDEXES + copy)).toEqual(['CONTENT_CORRUPT 2', 'SEQUENCE_DUPLICATE 2'])
  })

  test('finds two messages with one id, in one conversation or in two', () => {
    const { db, two } = stored()
    const take = (conversation: number, sequence: number) =>
      `UPDATE messages SET message_id = (SELECT message_id FROM messages WHERE conversation = 1 AND sequence = 1) WHERE conversation = ${conversation} AND sequence = ${sequence};`
    db.exec(DROP_INDEXES + take(1, 4) + take(2, 2))
    const twins = verifyAll(db).findings.filter(({ defect }) => defect === IntegrityDefect.MESSAGE_ID_DUPLICATE)
    expect(twins.map(({ number }) => number)).toEqual([4n, 2n])
    expect(twins[1]).toMatchObject(two.key)
  })

  test('finds a head that counts other messages than there are', () => {
    expect(defectsAfter('UPDATE conversations SET sequence = 4 WHERE no = 1')).toEqual(['HEAD_MISMATCH 5'])
    expect(defectsAfter('UPDATE conversations SET sequence = 6 WHERE no = 1')).toEqual(['SEQUENCE_GAP 6', 'HEAD_MISMATCH 5'])
  })

  test('finds a head that counts other revisions than there are', () => {
    expect(defectsAfter('UPDATE conversations SET revision = 7 WHERE no = 1')).toEqual(['HEAD_MISMATCH 5'])
    expect(defectsAfter('UPDATE conversations SET revision = 9 WHERE no = 1')).toEqual(['REVISION_GAP 9', 'HEAD_MISMATCH 5'])
  })

  test('finds a head that is behind its rows in the log', () => {
    expect(defectsAfter('UPDATE conversations SET position = position - 1 WHERE no = 1')).toEqual(['HEAD_MISMATCH 5'])
  })

  test('finds a change that is gone, first, in the middle, or last', () => {
    const remove = (revision: number) => `DELETE FROM changes WHERE conversation = 1 AND revision = ${revision}`
    expect(defectsAfter(remove(1))).toContain('REVISION_GAP 5')
    expect(defectsAfter(remove(6))).toContain('REVISION_GAP 7')
    expect(defectsAfter(remove(8))).toEqual(['REVISION_GAP 8', 'HEAD_MISMATCH 5'])
  })

  test('finds a revision that is there twice', () => {
    const twice =
      "INSERT INTO changes VALUES (1, 7, 4, (SELECT position FROM changes WHERE conversation = 1 AND revision = 6), 1, NULL, x'00')"
    expect(defectsAfter(twice)).toContain('REVISION_GAP 8')
  })

  test('finds a message that lacks its last change, or has one that there is not', () => {
    expect(defectsAfter('UPDATE changes SET sequence = 2 WHERE conversation = 1 AND revision = 6')).toEqual([
      'REVISION_GAP 6',
      'REVISION_GAP 6',
    ])
  })

  test('finds a receipt that is ahead of what it can be', () => {
    expect(defectsAfter('UPDATE receipts SET read_through = 5')).toEqual(['RECEIPT_INVALID 4'])
    expect(defectsAfter('UPDATE receipts SET delivered_through = 6')).toEqual(['RECEIPT_INVALID 6'])
  })

  test('finds messages that are not in the order of the log', () => {
    const swap = `UPDATE messages SET position = CASE sequence WHEN 2 THEN position + 1 ELSE position - 1 END
      WHERE conversation = 1 AND sequence IN (2, 3)`
    expect(defectsAfter(swap)).toEqual(['ORDER_MISMATCH 3'])
    expect(defectsAfter('UPDATE changes SET position = position - 3 WHERE conversation = 1 AND revision = 6')).toEqual(['ORDER_MISMATCH 6'])
  })

  test('finds content that can’t be read, or belongs to another message', () => {
    const set = (data: string) => `UPDATE messages SET data = ${data} WHERE conversation = 1 AND sequence = 2`
    expect(defectsAfter(set("x'ff'"))).toEqual(['CONTENT_CORRUPT 2'])
    expect(defectsAfter(set("x''"))).toEqual(['CONTENT_CORRUPT 2'])
    expect(defectsAfter(set('substr(data, 1, length(data) - 3)'))).toEqual(['CONTENT_CORRUPT 2'])
    expect(defectsAfter(set('(SELECT data FROM messages WHERE conversation = 1 AND sequence = 3)'))).toEqual(['CONTENT_CORRUPT 2'])
    expect(defectsAfter(set('(SELECT data FROM messages WHERE conversation = 2 AND sequence = 2)'))).toEqual(['CONTENT_CORRUPT 2'])
  })

  test('finds the same in pages of any size', () => {
    const damage = `${DROP_INDEXES}
      DELETE FROM messages WHERE conversation = 1 AND sequence = 3;
      UPDATE messages SET data = x'ff' WHERE conversation = 2 AND sequence = 4;
      INSERT INTO messages SELECT conversation, sequence, tenant, message_id, revision, position, accepted_at, sender, data
        FROM messages WHERE conversation = 2 AND sequence = 2;
      UPDATE conversations SET revision = 9 WHERE no = 2`
    const { db } = stored()
    db.exec(damage)
    const whole = verifyAll(db)
    expect(whole.pages).toBe(1)
    expect(whole.findings.length).toBeGreaterThanOrEqual(5)
    for (let rows = 1; rows <= 17; rows++) {
      const paged = verifyAll(db, { conversations: 1, rows })
      expect(paged.pages).toBeGreaterThan(1)
      expect(paged.findings).toEqual(whole.findings)
      expect(paged.messages).toBe(whole.messages)
    }
  })

  test('finds nothing wrong after changes were dropped between two pages', () => {
    const { db } = stored()
    const verify = createVerify(db, { conversations: 1, rows: 2 })
    const first = verify(undefined, '')
    createExpire(db)(2n ** 62n)
    const findings = [...first.findings]
    for (let cursor = first.next; cursor !== undefined; ) {
      const page = verify(undefined, cursor)
      findings.push(...page.findings)
      cursor = page.next
    }
    expect(findings).toEqual([])
  })
})
