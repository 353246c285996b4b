import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { type LogRecord, LogRecordSchema } from '@chat4all/gen/chat4all/internal/v1/log_record_pb.js'
import { MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { EventSchema } from '@chat4all/gen/chat4all/v1/event_pb.js'
import { MessageSchema, PayloadSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import type { LogPlace, StoredMessage } from '@chat4all/ports'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { OrderedState, OrderingConversation } from './domain/conversation.ts'
import { conversationKey, type Decoded, idKey, type Known, order } from './order.ts'

const base = { schemaVersion: 1, tenantId: 't', conversationId: 'c', timeMicros: 1_700_000_000_000_000n }
const text = (value: string) => create(PayloadSchema, { type: 'text', content: { case: 'text', value } })

function message(messageId: string, body = messageId): LogRecord {
  const data = toBinary(MessageSchema, create(MessageSchema, { messageId, conversationId: 'c', from: 'ana', payload: text(body) }))
  return create(LogRecordSchema, { ...base, kind: { case: 'message', value: { messageId, from: 'ana', message: data } } })
}

const edit = (messageId: string, sequence: bigint, body: string) =>
  create(LogRecordSchema, { ...base, kind: { case: 'edit', value: { messageId, sequence, payload: text(body) } } })
const remove = (messageId: string, sequence: bigint) =>
  create(LogRecordSchema, { ...base, kind: { case: 'delete', value: { messageId, sequence, deletedBy: 'ana' } } })
const react = (messageId: string, sequence: bigint, userId: string, active: boolean) =>
  create(LogRecordSchema, { ...base, kind: { case: 'reaction', value: { messageId, sequence, userId, emoji: '👍', active } } })
const members = (kind: 'membersAdded' | 'membersRemoved', ...userIds: string[]) =>
  create(LogRecordSchema, {
    ...base,
    kind: {
      case: 'conversationChange',
      value: {
        kind:
          kind === 'membersAdded'
            ? { case: kind, value: { members: userIds.map((userId) => ({ userId, role: MemberRole.MEMBER })) } }
            : { case: kind, value: { userIds } },
      },
    },
  })

const nothing: Known = { states: new Map(), holders: new Map(), uniqueIds: false, messages: new Map() }
const at = (records: readonly LogRecord[], from = 1): Decoded[] => records.map((r, i) => ({ position: BigInt(from + i), record: r }))
const only = (conversations: readonly OrderingConversation[]): OrderingConversation => conversations[0]!

test('numbers messages from 1 without gaps, and carries the number in the stored bytes', () => {
  const { head, rows } = only(order(0, at([message('m1'), message('m2')]), nothing))
  expect(head).toMatchObject({ sequence: 2n, revision: 2n, position: 2n })
  expect(rows.messages.map(({ data }) => fromBinary(MessageSchema, data).sequence)).toEqual([1n, 2n])
})

test('skips a message whose id an earlier position holds, in the batch or in the store', () => {
  const known = { ...nothing, holders: new Map([[idKey('t', 'm0'), { partition: 0, position: 1n }]]) }
  const { head, rows } = only(order(0, at([message('m0'), message('m1'), message('m1')], 5), known))
  expect(rows.messages.map(({ messageId }) => messageId)).toEqual(['m1'])
  expect(head.sequence).toBe(1n)
})

test.each([
  [true, []],
  [false, ['m0']],
])('takes an id that another partition took at the same moment, unless the store can hold it only once (%s)', (uniqueIds, taken) => {
  const known = { ...nothing, uniqueIds, holders: new Map([[idKey('t', 'm0'), { partition: 1, position: 1n }]]) }
  const { rows } = only(order(0, at([message('m0')], 5), known))
  expect(rows.messages.map(({ messageId }) => messageId)).toEqual(taken)
})

test('orders again what an interrupted run over the same record left behind', () => {
  const known = { ...nothing, holders: new Map([[idKey('t', 'm1'), { partition: 0, position: 5n }]]) }
  expect(only(order(0, at([message('m1')], 5), known)).rows.messages).toHaveLength(1)
})

test('passes over records that the head says are applied', () => {
  const state: OrderedState = {
    head: { tenantId: 't', conversationId: 'c', partition: 0, sequence: 7n, revision: 9n, position: 20n, activeAt: 0n, memberCount: 0 },
    members: new Map(),
  }
  const known = { ...nothing, states: new Map([[conversationKey({ tenantId: 't', conversationId: 'c' }), state]]) }
  const conversation = only(order(0, at([message('m1'), message('m2')], 20), known))
  expect(conversation.rows.messages.map(({ sequence }) => sequence)).toEqual([8n])
})

test('edits a message of the same batch and keeps its earlier content', () => {
  const { rows } = only(order(0, at([message('m1', 'hello'), edit('m1', 1n, 'hello!')]), nothing))
  expect(rows.edits.map(({ data }) => fromBinary(PayloadSchema, data).content.value)).toEqual(['hello'])
  expect(fromBinary(MessageSchema, rows.updates[0]!.data).payload?.content.value).toBe('hello!')
})

test('gives a change without effect no revision', () => {
  const batch = [
    message('m1'),
    remove('m1', 1n),
    remove('m1', 1n),
    edit('m1', 1n, 'x'),
    react('m1', 1n, 'bo', true),
    react('m1', 1n, 'bo', false),
  ]
  expect(only(order(0, at(batch), nothing)).head).toMatchObject({ revision: 2n, position: 6n })
})

test('deletes the content and keeps the place', () => {
  const { rows } = only(order(0, at([message('m1'), react('m1', 1n, 'bo', true), remove('m1', 1n)]), nothing))
  const left = fromBinary(MessageSchema, rows.updates.at(-1)!.data)
  expect(left).toMatchObject({ sequence: 1n, reactions: [], deletedBy: 'ana' })
  expect(left.payload).toBeUndefined()
  expect(rows.updates.at(-1)!.eraseEdits).toBe(true)
})

test('counts each user once per emoji', () => {
  const { rows } = only(
    order(
      0,
      at([
        message('m1'),
        react('m1', 1n, 'bo', true),
        react('m1', 1n, 'bo', true),
        react('m1', 1n, 'cy', true),
        react('m1', 1n, 'bo', false),
      ]),
      nothing,
    ),
  )
  expect(fromBinary(MessageSchema, rows.updates.at(-1)!.data).reactions).toMatchObject([{ emoji: '👍', userIds: ['cy'], count: 1 }])
})

test('shows the first fifty who reacted, and stores all', () => {
  const crowd = Array.from({ length: 60 }, (_, i) => react('m1', 1n, `u${i}`, true))
  const { rows, events } = only(order(0, at([message('m1'), ...crowd]), nothing))
  expect(fromBinary(MessageSchema, rows.updates.at(-1)!.data).reactions[0]!.userIds).toHaveLength(60)
  const shown = fromBinary(EventSchema, events.at(-1)!.event).kind
  expect(shown.case === 'messageUpdated' && shown.value.reactions[0]).toMatchObject({ count: 60 })
  expect(shown.case === 'messageUpdated' && shown.value.reactions[0]!.userIds).toHaveLength(50)
})

test('lets members join where the conversation is, and says goodbye to those who leave', () => {
  const batch = [members('membersAdded', 'ana'), message('m1'), members('membersAdded', 'bo'), members('membersRemoved', 'ana')]
  const conversation = only(order(0, at(batch), nothing))
  expect([...conversation.members.values()]).toEqual([{ userId: 'bo', role: MemberRole.MEMBER, joinedSequence: 1n }])
  expect(conversation.rows.members.at(-1)).toMatchObject({ userId: 'ana', leftRevision: 4n })
  expect(conversation.farewells).toMatchObject([{ userIds: ['ana'] }])
})

test('comes to the same rows however the log is cut into batches', () => {
  const kinds = fc.array(fc.nat(5), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(kinds, fc.nat(40), (choices, cut) => {
      const records = scenario(choices)
      expect(replay(records, [cut])).toEqual(replay(records, []))
    }),
  )
})

test('comes to the same rows when batches are applied twice after a crash', () => {
  const kinds = fc.array(fc.nat(5), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(kinds, fc.nat(40), fc.nat(40), (choices, stop, back) => {
      const records = scenario(choices)
      expect(replay(records, [stop], Math.min(back, stop))).toEqual(replay(records, []))
    }),
  )
})

function scenario(choices: readonly number[]): LogRecord[] {
  let sent = 0
  return choices.map((choice) => {
    if (choice === 0 || sent === 0) return message(`m${++sent}`)
    const target = [`m${sent}`, BigInt(sent)] as const
    if (choice === 1) return edit(...target, `edited ${sent}`)
    if (choice === 2) return remove(...target)
    if (choice === 3) return react(...target, 'bo', sent % 2 === 0)
    if (choice === 4) return members('membersAdded', `u${sent}`)
    return message(`m${sent}`)
  })
}

/** Orders the records into a store made of maps, cut after some of them; after the first cut it goes back by `again` records. */
function replay(records: readonly LogRecord[], cuts: readonly number[], again = 0) {
  const store = {
    states: new Map<string, OrderedState>(),
    holders: new Map<string, LogPlace>(),
    uniqueIds: false,
    messages: new Map<string, StoredMessage>(),
    rows: new Map<string, unknown>(),
  }
  const parts = [0, ...cuts.map((cut) => Math.min(cut, records.length)), records.length]
  for (let i = 0; i + 1 < parts.length; i++) {
    const from = i === 0 ? 0 : Math.max(0, parts[i]! - again)
    save(store, order(0, at(records.slice(from, parts[i + 1]), from + 1), store))
  }
  return { rows: store.rows, head: [...store.states.values()].map(({ head: { position: _, ...head } }) => head) }
}

function save(
  store: {
    states: Map<string, OrderedState>
    holders: Map<string, LogPlace>
    messages: Map<string, StoredMessage>
    rows: Map<string, unknown>
  },
  conversations: readonly OrderingConversation[],
): void {
  for (const { rows, ...conversation } of conversations.map((c) => ({ rows: c.rows, key: c.key, state: c.state() }))) {
    store.states.set(conversationKey(conversation.key), conversation.state)
    for (const row of rows.messages) {
      store.holders.set(idKey('t', row.messageId), { partition: 0, position: row.position })
      store.messages.set(idKey('t', row.messageId), { ...conversation.key, ...row })
    }
    for (const { sequence, revision, data } of rows.updates) {
      const stored = [...store.messages.values()].find((row) => row.sequence === sequence)!
      store.messages.set(idKey('t', stored.messageId), { ...stored, revision, data })
    }
    for (const message of store.messages.values()) store.rows.set(`message ${message.sequence}`, Buffer.from(message.data).toString('hex'))
    for (const row of rows.edits) store.rows.set(`edit ${row.sequence} ${row.revision}`, Buffer.from(row.data).toString('hex'))
    for (const row of rows.changes) store.rows.set(`change ${row.revision}`, row.position)
    for (const row of rows.members) store.rows.set(`member ${row.userId}`, row.joinedSequence)
  }
}
