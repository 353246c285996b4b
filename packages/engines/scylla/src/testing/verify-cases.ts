import { newId } from '@chat4all/base'
import { IntegrityDefect } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import type { MessageStore } from '@chat4all/ports'
import { Author, Log } from '@chat4all/ports/conformance'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CqlClient } from '../cql/client.ts'
import { connectToKeyspace } from '../cql/keyspace.ts'
import type { CqlValue } from '../cql/statement.ts'
import { openScyllaMessageStore } from '../message-store.ts'
import type { Cassandra } from './cassandra.ts'

export function verifyCases(cassandra: Cassandra): void {
  let store: MessageStore
  let cql: CqlClient
  beforeAll(async () => {
    store = await openScyllaMessageStore(cassandra.keyspace('damaged'))
    cql = await connectToKeyspace(cassandra.keyspace('damaged'))
  })
  afterAll(async () => {
    await store[Symbol.asyncDispose]()
    await cql[Symbol.asyncDispose]()
  })

  /** The defects after a statement on the partition of a conversation; its other parameters stand in front of the key. Revisions: 1 joined, 2 to 5 messages 1 to 4, 6 an edit of message 1, 7 message 5, 8 a change. */
  const defectsAfter = async (query: string, ...params: readonly CqlValue[]): Promise<string[]> => {
    const log = new Log(0)
    const author = new Author(log, `tenant-${newId()}`)
    author.join(['ana', 'bob'])
    for (let i = 0; i < 4; i++) author.message('ana')
    author.edit(1n, 'edited')
    author.message('bob')
    author.change()
    await store.apply(0, log.end, [author.take()])
    await store.raiseReceipts([{ ...author.key, userId: 'bob', deliveredThrough: 4n, readThrough: 3n, at: 1n }])
    const { tenantId, conversationId } = author.key
    const after = query.indexOf('WHERE')
    const before = query.slice(0, after).split('?').length - 1
    await cql.run(query, [...params.slice(0, before), tenantId, conversationId, ...params.slice(before)])
    const { findings } = await store.verify(tenantId, '')
    expect(findings.every((finding) => finding.conversationId === conversationId)).toBe(true)
    return findings.map(({ defect, number }) => `${IntegrityDefect[defect]} ${number}`)
  }
  const KEY = 'WHERE tenant_id = ? AND conversation_id = ?'

  it('finds a message that is gone, and the change that lacks it', async () => {
    expect(await defectsAfter(`DELETE FROM messages ${KEY} AND bucket = 0 AND sequence = 3`)).toEqual(['SEQUENCE_GAP 3'])
    expect(await defectsAfter(`DELETE FROM messages ${KEY} AND bucket = 0 AND sequence = 1`)).toEqual(['SEQUENCE_GAP 1', 'REVISION_GAP 6'])
  })

  it('finds a change that is gone', async () => {
    expect(await defectsAfter(`DELETE FROM changes ${KEY} AND bucket = 0 AND revision = 8`)).toEqual(['REVISION_GAP 8'])
    const updated = await defectsAfter(`DELETE FROM changes ${KEY} AND bucket = 0 AND revision = 6`)
    expect(updated).toEqual(['REVISION_GAP 6', 'REVISION_GAP 6'])
  })

  it('finds a head that is behind its rows', async () => {
    expect(await defectsAfter(`UPDATE conversations SET last_revision = ? ${KEY}`, 7n)).toEqual(['HEAD_MISMATCH 5'])
    expect(await defectsAfter(`UPDATE conversations SET last_sequence = ? ${KEY}`, 4n)).toEqual(['HEAD_MISMATCH 4'])
    expect(await defectsAfter(`UPDATE conversations SET position = ? ${KEY}`, 7n)).toEqual(['HEAD_MISMATCH 5'])
  })

  it('finds a head that is ahead of its rows', async () => {
    const ahead = await defectsAfter(`UPDATE conversations SET last_sequence = ? ${KEY}`, 6n)
    expect(ahead).toEqual(['SEQUENCE_GAP 6', 'HEAD_MISMATCH 6'])
  })

  it('finds rows out of the order of the log', async () => {
    const order = await defectsAfter(`UPDATE messages SET position = ? ${KEY} AND bucket = 0 AND sequence = 3`, 2n)
    expect(order).toEqual(['ORDER_MISMATCH 3'])
  })

  it('finds content that can’t be read, or belongs to another message', async () => {
    const set = (data: Uint8Array) => defectsAfter(`UPDATE messages SET data = ? ${KEY} AND bucket = 0 AND sequence = 2`, data)
    expect(await set(new Uint8Array([255]))).toEqual(['CONTENT_CORRUPT 2'])
    expect(await set(new Uint8Array())).toEqual(['CONTENT_CORRUPT 2'])
  })

  it('finds a message that another one holds the id of', async () => {
    const id = await defectsAfter(`UPDATE messages SET message_id = ? ${KEY} AND bucket = 0 AND sequence = 2`, newId())
    expect(id).toEqual(['CONTENT_CORRUPT 2', 'MESSAGE_ID_DUPLICATE 2'])
  })

  it('finds a receipt that is ahead of what it can be', async () => {
    const set = (column: string, value: bigint) => defectsAfter(`UPDATE conversations SET ${column} = ? ${KEY} AND user_id = 'bob'`, value)
    expect(await set('read_through', 5n)).toEqual(['RECEIPT_INVALID 4'])
    expect(await set('delivered_through', 6n)).toEqual(['RECEIPT_INVALID 6'])
  })
}
