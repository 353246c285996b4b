import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { type LogRecord, LogRecordSchema } from '@chat4all/gen/chat4all/internal/v1/log_record_pb.js'
import { type Event, EventSchema } from '@chat4all/gen/chat4all/v1/event_pb.js'
import { type Message, MessageSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import { expect, test } from 'vitest'
import golden from '../../../tests/vectors/log-records-1.json' with { type: 'json' }
import type { OrderingConversation } from './domain/conversation.ts'
import { decode, type Known, order } from './order.ts'

const MESSAGE_ID = '0197a3f0-0000-7000-8000-000000000001'
const nothing: Known = { states: new Map(), holders: new Map(), uniqueIds: false, messages: new Map() }
const records = Object.values(golden.records).map((base64) => Uint8Array.from(Buffer.from(base64, 'base64')))
const entries = (all: readonly Uint8Array[]) => all.map((record, i) => ({ position: BigInt(i + 1), record }))

/** Of a field that nobody has defined yet. */
const FIELD = [{ no: 1_000, wireType: 2, data: Buffer.from('\x05newer', 'latin1') }]

/** A golden record with something done to it. */
function changed(name: keyof typeof golden.records, change: (record: LogRecord) => void): Uint8Array {
  const record = fromBinary(LogRecordSchema, Buffer.from(golden.records[name], 'base64'))
  change(record)
  return toBinary(LogRecordSchema, record)
}

function ordered(all: readonly Uint8Array[]): OrderingConversation {
  const { batch, unreadable } = decode(entries(all))
  expect(unreadable).toBeUndefined()
  const [conversation] = order(0, batch, nothing)
  return conversation!
}

const eventsOf = ({ events }: OrderingConversation): Event[] => events.map(({ event }) => fromBinary(EventSchema, event))
const textOf = (message: Message): unknown => message.payload?.content.value

test('orders records of version 1 as it always did', () => {
  const conversation = ordered(records)
  const { head, members, rows } = conversation
  expect(head).toMatchObject({ sequence: 1n, revision: 9n, position: 9n, activeAt: 1_750_000_000_000_000n })
  expect([...members.values()].map(({ userId, role, joinedSequence }) => [userId, role, joinedSequence])).toEqual([
    ['ana', 3, 0n],
    ['cy', 2, 1n],
  ])
  expect(eventsOf(conversation).map(({ kind }) => kind.case)).toEqual([
    'conversationCreated',
    'messageCreated',
    'messageUpdated',
    'messageUpdated',
    'membersAdded',
    'memberRoleChanged',
    'conversationUpdated',
    'membersRemoved',
    'messageUpdated',
  ])
  const versions = [rows.messages[0]!, ...rows.updates].map(({ data }) => fromBinary(MessageSchema, data))
  expect(versions.map((message) => [textOf(message), message.reactions.length, message.deletedBy])).toEqual([
    ['hello', 0, ''],
    ['hello', 1, ''],
    ['hello again', 1, ''],
    [undefined, 0, 'ana'],
  ])
  expect(versions[0]).toMatchObject({ messageId: MESSAGE_ID, sequence: 1n, from: 'ana', mentions: ['bo'], metadata: { a: '1' } })
})

test('orders records with fields of a newer writer as if they were not there', () => {
  const newer = Object.keys(golden.records).map((name) =>
    changed(name as keyof typeof golden.records, (record) => {
      record.$unknown = FIELD
      record.kind.value!.$unknown = FIELD
    }),
  )
  const [before, after] = [ordered(records), ordered(newer)]
  expect(after.head).toEqual(before.head)
  expect(after.rows.messages).toEqual(before.rows.messages)
  expect(after.rows.updates).toEqual(before.rows.updates)
  expect(after.members).toEqual(before.members)
})

test('keeps the fields that a newer writer put into a message, until it is deleted', () => {
  const message = changed('message', ({ kind }) => {
    if (kind.case !== 'message') return
    const sent = fromBinary(MessageSchema, kind.value.message)
    sent.$unknown = FIELD
    sent.payload!.$unknown = FIELD
    kind.value.message = toBinary(MessageSchema, sent)
  })
  const { rows, events } = ordered([records[0]!, message, ...records.slice(2)])
  const kept = (data: Uint8Array) => {
    const { $unknown, payload } = fromBinary(MessageSchema, data)
    return [$unknown?.length ?? 0, payload?.$unknown?.length ?? 0]
  }
  expect(kept(rows.messages[0]!.data)).toEqual([1, 1])
  // The reaction, the edit with its new payload, the deletion.
  expect(rows.updates.map(({ data }) => kept(data))).toEqual([
    [1, 1],
    [1, 0],
    [0, 0],
  ])
  const shown = events.map(({ event }) => fromBinary(EventSchema, event).kind)
  const live = shown.flatMap((kind) => (kind.case === 'messageCreated' || kind.case === 'messageUpdated' ? [kind.value] : []))
  expect(live.map(({ $unknown }) => $unknown?.length ?? 0)).toEqual([1, 1, 1, 0])
})

test.each<[string, Uint8Array, RegExp]>([
  ['of a higher version', changed('message', (record) => (record.schemaVersion = 2)), /schema version 2, .* up to 1/],
  ['of an unknown kind', changed('message', (record) => Object.assign(record, { kind: { case: undefined }, $unknown: FIELD })), /kind/],
  [
    'with an unknown change of a conversation',
    changed('updated', ({ kind }) => {
      if (kind.case === 'conversationChange') Object.assign(kind.value, { kind: { case: undefined }, $unknown: FIELD })
    }),
    /kind/,
  ],
])('stops before a record %s, and looks at nothing behind it', (_, record, why) => {
  const { batch, unreadable } = decode(entries([records[0]!, record, records[1]!]))
  expect(batch.map(({ position }) => position)).toEqual([1n])
  expect(unreadable).toEqual({ position: 2n, why: expect.stringMatching(why) })
})

test('passes over a record without a kind: it asks for nothing', () => {
  const empty = toBinary(LogRecordSchema, create(LogRecordSchema, { schemaVersion: 1, tenantId: 'acme', conversationId: 'c' }))
  expect(ordered([empty]).head).toMatchObject({ sequence: 0n, position: 1n })
})
