import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { type Logger, silentLogger } from '@chat4all/base'
import { LogRecordSchema } from '@chat4all/gen/chat4all/internal/v1/log_record_pb.js'
import { MessageSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import {
  type ConversationLog,
  type ConversationWrites,
  DuplicateMessageId,
  type EventLog,
  HandOver,
  type LiveBus,
  type MessageStore,
} from '@chat4all/ports'
import { expect, test } from 'vitest'
import { PartitionSequencer } from './partition-sequencer.ts'

/** A store that keeps messages by id, and counts how often it is asked. */
function fakeStore(refusesDuplicateIds: boolean) {
  const byId = new Map<string, bigint>()
  const holder = (position: bigint | undefined) => (position === undefined ? undefined : { partition: 0, position })
  const asked: number[] = []
  const store = {
    refusesDuplicateIds,
    checkpoint: async () => 0n,
    setCheckpoint: async () => {},
    load: async (keys: readonly unknown[], ids: readonly { readonly messageId: string }[]) => {
      asked.push(ids.length)
      return { states: keys.map(() => undefined), holders: ids.map(({ messageId }) => holder(byId.get(messageId))) }
    },
    apply: async (_partition: number, _through: bigint, writes: readonly ConversationWrites[]) => {
      const messages = writes.flatMap((write) => write.messages)
      if (refusesDuplicateIds && messages.some(({ messageId }) => byId.has(messageId))) throw new DuplicateMessageId()
      for (const { messageId, position } of messages) byId.set(messageId, position)
    },
  }
  return { byId, asked, store: store as unknown as MessageStore }
}

function sequencerOn(store: MessageStore, logger = silentLogger): PartitionSequencer {
  const log = { partitions: 1, trim: async () => {} } as unknown as ConversationLog
  const events = { publish: async () => {} } as unknown as EventLog
  const bus = { publish: () => {}, flush: async () => {} } as unknown as LiveBus
  const config = { cachedConversations: 100, checkpointIntervalMs: 1, changeRetentionDays: 90 }
  return new PartitionSequencer(0, { log, store, events, bus, logger, config })
}

function entry(position: bigint, messageId: string, conversationId = 'c', schemaVersion = 1) {
  const message = toBinary(MessageSchema, create(MessageSchema, { messageId, conversationId, from: 'ana' }))
  const kind = { case: 'message', value: { messageId, from: 'ana', message } } as const
  return { position, record: toBinary(LogRecordSchema, create(LogRecordSchema, { schemaVersion, tenantId: 't', conversationId, kind })) }
}

test.each([true, false])('stores a repeated id once, whether the store refuses repeats (%s) or has to be asked', async (refuses) => {
  const { byId, store } = fakeStore(refuses)
  const sequencer = sequencerOn(store)
  await sequencer.start()
  await sequencer.deliver([entry(1n, 'm1')])
  await sequencer.deliver([entry(2n, 'm2'), entry(3n, 'm1', 'another'), entry(4n, 'm3')])
  expect(byId).toEqual(
    new Map([
      ['m1', 1n],
      ['m2', 2n],
      ['m3', 4n],
    ]),
  )
})

test('asks a store that refuses repeats about ids only after it has refused one', async () => {
  const { asked, store } = fakeStore(true)
  const sequencer = sequencerOn(store)
  await sequencer.start()
  await sequencer.deliver([entry(1n, 'm1')])
  await sequencer.deliver([entry(2n, 'm2')])
  expect(asked).toEqual([0])
  await sequencer.deliver([entry(3n, 'm1')])
  expect(asked).toEqual([0, 1])
})

test('stores what precedes a record of a newer version, says once that it waits, and hands over each time', async () => {
  const { byId, store } = fakeStore(true)
  const checkpoints: bigint[] = []
  const errors: unknown[] = []
  store.setCheckpoint = async (_, position) => void checkpoints.push(position)
  const logger = {
    ...silentLogger,
    info: () => {},
    isLevelEnabled: () => false,
    error: (facts: unknown) => errors.push(facts),
  } as unknown as Logger
  const sequencer = sequencerOn(store, logger)
  await sequencer.start()
  const newer = [entry(2n, 'm2', 'c', 2), entry(3n, 'm3')]
  await expect(sequencer.deliver([entry(1n, 'm1'), ...newer])).rejects.toThrow(HandOver)
  expect([...byId.keys()]).toEqual(['m1'])
  expect(checkpoints.at(-1)).toBe(1n)
  await sequencer.start()
  await expect(sequencer.deliver(newer)).rejects.toThrow(HandOver)
  expect([...byId.keys()]).toEqual(['m1'])
  expect(errors).toEqual([{ partition: 0, position: '2', why: expect.stringContaining('schema version 2') }])
})

test('notes under the trace of its call that a record is ordered, and nothing of calls without one', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const noted: unknown[] = []
  const logger = { ...silentLogger, info: () => {}, isLevelEnabled: () => true, debug: (facts: unknown) => noted.push(facts) }
  const sequencer = sequencerOn(fakeStore(true).store, logger as unknown as Logger)
  await sequencer.start()
  const traced = entry(2n, 'm2')
  const record = toBinary(LogRecordSchema, { ...fromBinary(LogRecordSchema, traced.record), traceparent })
  await sequencer.deliver([entry(1n, 'm1'), { ...traced, record }, entry(3n, 'm3')])
  expect(noted).toEqual([
    {
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      kind: 'message',
      partition: 0,
      position: '2',
      tenant_id: 't',
      conversation_id: 'c',
    },
  ])
})
