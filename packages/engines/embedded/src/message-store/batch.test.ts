import type { ConversationWrites } from '@chat4all/ports'
import { array, assert, bigInt, boolean, constant, nat, property, record, string, uint8Array, uuid } from 'fast-check'
import { expect, test } from 'vitest'
import { packBatch, unpackBatch } from './batch.ts'

const number = bigInt({ min: 0n, max: 2n ** 63n - 1n })
const head = record({
  tenantId: string(),
  conversationId: uuid(),
  partition: constant(5),
  sequence: number,
  revision: number,
  position: number,
  activeAt: number,
  memberCount: nat(),
})
const message = record({
  sequence: number,
  messageId: uuid(),
  revision: number,
  position: number,
  acceptedAt: number,
  from: string(),
  data: uint8Array(),
})
const member = record({ userId: string(), role: nat(4), joinedSequence: number })
const writes = record({
  head,
  messages: array(message, { maxLength: 4 }),
  updates: array(record({ sequence: number, revision: number, data: uint8Array(), eraseEdits: boolean() }), { maxLength: 2 }),
  edits: array(record({ sequence: number, revision: number, replacedAt: number, data: uint8Array() }), { maxLength: 2 }),
  changes: array(record({ revision: number, position: number, at: number, event: uint8Array() }), { maxLength: 2 }),
  members: array(member, { maxLength: 2 }),
})

test('a packed batch comes out on the other thread as it went in', () => {
  assert(
    property(array(writes, { maxLength: 5 }), (batch: ConversationWrites[]) => {
      const packed = packBatch(5, batch)
      const received = structuredClone(packed, { transfer: [packed.packed] })
      expect(received.partition).toBe(5)
      expect(unpackBatch(received)).toEqual(batch)
    }),
  )
})

test('bytes leave behind the large buffer that they are a part of', () => {
  const large = new Uint8Array(100_000)
  const data = large.subarray(10, 20)
  const [update] = packBatch(0, [
    {
      head: { tenantId: 't', conversationId: 'c', partition: 0, sequence: 1n, revision: 1n, position: 1n, activeAt: 1n, memberCount: 1 },
      messages: [],
      updates: [{ sequence: 1n, revision: 1n, data, eraseEdits: false }],
      edits: [],
      changes: [],
      members: [],
    },
  ]).others!.get(0)!.updates
  expect(update!.data.buffer.byteLength).toBe(10)
})
