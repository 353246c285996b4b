import { create } from '@bufbuild/protobuf'
import { type Event, EventSchema } from '@chat4all/gen/chat4all/v1/event_pb.js'
import { expect, test } from 'vitest'
import { ReceiptMarks } from './receipt-marks.ts'

const receipt = (userId: string, deliveredThrough: bigint, readThrough: bigint) =>
  create(EventSchema, { conversationId: 'c', kind: { case: 'receipt', value: { userId, deliveredThrough, readThrough } } })

const values = (events: readonly Event[]) =>
  events.map(({ kind }) => (kind.case === 'receipt' ? [kind.value.userId, kind.value.deliveredThrough, kind.value.readThrough] : kind.case))

test('lets receipts through that rise, and none that come late', () => {
  const marks = new ReceiptMarks()
  expect(values(marks.rise('t', [receipt('ana', 28n, 14n)]))).toEqual([['ana', 28n, 14n]])
  expect(values(marks.rise('t', [receipt('ana', 134n, 67n)]))).toEqual([['ana', 134n, 67n]])
  expect(marks.rise('t', [receipt('ana', 28n, 14n)])).toEqual([])
  expect(marks.rise('t', [receipt('ana', 134n, 67n)])).toEqual([])
  expect(values(marks.rise('t', [receipt('bob', 1n, 1n), receipt('ana', 3n, 3n)]))).toEqual([['bob', 1n, 1n]])
  expect(values(marks.rise('other', [receipt('ana', 3n, 3n)]))).toEqual([['ana', 3n, 3n]])
})

test('keeps each watermark where two receipts cross', () => {
  const marks = new ReceiptMarks()
  marks.rise('t', [receipt('ana', 134n, 67n)])
  expect(values(marks.rise('t', [receipt('ana', 130n, 70n)]))).toEqual([['ana', 134n, 70n]])
})

test('lets every other event through', () => {
  const joined = create(EventSchema, { conversationId: 'c', kind: { case: 'messageCreated', value: {} } })
  expect(values(new ReceiptMarks().rise('t', [joined, joined]))).toEqual(['messageCreated', 'messageCreated'])
})
