import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { silentLogger } from '@chat4all/base'
import { LiveBatchSchema } from '@chat4all/gen/chat4all/internal/v1/live_batch_pb.js'
import { LogRecordSchema } from '@chat4all/gen/chat4all/internal/v1/log_record_pb.js'
import { MessageSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import type { LogEntry } from '@chat4all/ports'
import { expect, test } from 'vitest'
import { PartitionSequencer, type SequencerDeps } from './partition-sequencer.ts'

function entry(position: bigint, conversationId: string): LogEntry {
  const messageId = `m${position}`
  const message = toBinary(MessageSchema, create(MessageSchema, { messageId, conversationId }))
  const record = create(LogRecordSchema, {
    schemaVersion: 1,
    tenantId: 't',
    conversationId,
    kind: { case: 'message', value: { messageId, message } },
  })
  return { position, record: toBinary(LogRecordSchema, record) }
}

test('only the last batch of a commit says that everything up to its end is published', async () => {
  const published: { readonly conversationId: string; readonly position: bigint; readonly publishedThrough: bigint }[] = []
  const deps = {
    store: {
      load: async (_: unknown, ids: readonly unknown[]) => ({ states: [], knownPositions: ids.map(() => undefined) }),
      apply: async () => {},
      checkpoint: async () => 0n,
      setCheckpoint: async () => {},
    },
    log: { trim: async () => {} },
    events: { publish: async () => {} },
    bus: {
      publish: (_: unknown, payload: Uint8Array) => {
        const { conversationId, position, publishedThrough } = fromBinary(LiveBatchSchema, payload)
        if (conversationId !== '') published.push({ conversationId, position, publishedThrough })
      },
    },
    logger: silentLogger,
    config: { cachedConversations: 10, checkpointIntervalMs: 1000 },
  } as unknown as SequencerDeps
  const sequencer = new PartitionSequencer(0, deps)
  await sequencer.start()
  await sequencer.deliver([entry(1n, 'a'), entry(2n, 'b'), entry(3n, 'a')])
  expect(published).toEqual([
    { conversationId: 'a', position: 3n, publishedThrough: 0n },
    { conversationId: 'b', position: 2n, publishedThrough: 3n },
  ])
})
