import { create } from '@bufbuild/protobuf'
import { type Event, EventSchema } from '@chat4all/gen/chat4all/v1/event_pb.js'
import { expect, test } from 'vitest'
import { ReceiptMarks } from './receipt-marks.ts'

const receipt = (userId: string, deliveredThrough: bigint, readThrough: bigint) =>
  create(EventSchema, { conversationId: 'c', kind: { case: 'receipt', value: { userId, deliveredThrough, readThrough } } })

const values = (events: readonly Event[]) =>
  events.map(({ kind }) => (kind.case === 'receipt' ? [kind.value.userId, kind.value.deliveredThrough, kind.value.readThrough] : kind.case))

test('lifts receipts that come late to what went by before, and leaves none out', () => {
  const marks = new ReceiptMarks()
  expect(values(marks.lift('t', [receipt('ana', 28n, 14n)]))).toEqual([['ana', 28n, 14n]])
  expect(values(marks.lift('t', [receipt('ana', 134n, 67n)]))).toEqual([['ana', 134n, 67n]])
  expect(values(marks.lift('t', [receipt('ana', 134n, 67n)]))).toEqual([['ana', 134n, 67n]])
  expect(values(marks.lift('t', [receipt('bob', 1n, 1n), receipt('ana', 28n, 14n)]))).toEqual([
    ['bob', 1n, 1n],
    ['ana', 134n, 67n],
  ])
  expect(values(marks.lift('other', [receipt('ana', 3n, 3n)]))).toEqual([['ana', 3n, 3n]])
})

test('keeps each watermark where two receipts cross, for everybody', () => {
  const marks = new ReceiptMarks()
  marks.lift('t', [receipt('ana', 134n, 67n)])
  for (let user = 0; user < 2; user++) expect(values(marks.lift('t', [receipt('ana', 130n, 70n)]))).toEqual([['ana', 134n, 70n]])
})

test('leaves every other event as it is', () => {
  const joined = create(EventSchema, { conversationId: 'c', kind: { case: 'messageCreated', value: {} } })
  expect(values(new ReceiptMarks().lift('t', [joined, joined]))).toEqual(['messageCreated', 'messageCreated'])
})
