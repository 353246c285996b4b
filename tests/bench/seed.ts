import { DatabaseSync } from 'node:sqlite'
import { create, toBinary } from '@bufbuild/protobuf'
import { newId } from '@chat4all/base'
import { openEmbeddedEngines } from '@chat4all/engine-embedded'
import { MessageSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import type { ConversationHead, ConversationWrites, MessageStore, NewMessage } from '@chat4all/ports'
import { storeFile, waitUntil } from '@chat4all/testkit'
import { type Bench, type BenchOptions, startBench } from './bench.ts'

const BATCH = 1000
/** Text of a stored message: as long as what people write. */
const TEXT = 'The quick brown fox jumps over the lazy dog, and the dog does not mind at all. '

/** A conversation of two users, whose history is to be made long. */
export interface SeedTarget {
  readonly tenantId: string
  readonly conversationId: string
  readonly reader: string
}

/** Creates the conversation through the API, and lets the log of its partition grow: seeded rows take their positions from there. */
export async function prepareTarget(dataDir: string, batches: number, options: BenchOptions): Promise<SeedTarget> {
  await using bench = await startBench(options, [], dataDir)
  const [writer] = await bench.connect(['writer', 'reader'])
  const conversationId = await bench.api.createPrivate('writer', 'reader')
  const neighbour = await createNeighbour(bench, conversationId)
  let answered = 0
  for (let i = 0; i < batches; i++) {
    writer!.send(neighbour, 'x', () => answered++)
    if (i % 100 === 99) await waitUntil('the log has grown', () => answered === i + 1)
  }
  await waitUntil('the log has grown', () => answered === batches)
  await bench.server.terminate()
  return { tenantId: bench.server.credentials.tenant_id, conversationId, reader: 'reader' }
}

/** Another conversation in the same partition of the log. */
async function createNeighbour(bench: Bench, conversationId: string): Promise<string> {
  for (;;) {
    const candidate = await bench.api.createGroup('neighbour', ['writer'])
    const partitions = () => partitionsOf(bench.server.dataDir, [conversationId, candidate])
    await waitUntil('both are stored', () => partitions().length === 2)
    if (new Set(partitions()).size === 1) return candidate
  }
}

function partitionsOf(dataDir: string, conversationIds: readonly string[]): readonly number[] {
  const db = new DatabaseSync(storeFile(dataDir, 'messages'), { readOnly: true, timeout: 5_000 })
  try {
    const sql = 'SELECT partition FROM conversations WHERE conversation_id IN (SELECT value FROM json_each(?))'
    return (db.prepare(sql).all(JSON.stringify(conversationIds)) as unknown as { partition: number }[]).map((row) => row.partition)
  } finally {
    db.close()
  }
}

/** Writes messages straight into the message store: into one conversation until it has `messages`, and one into each of many others. */
export async function seedStore(
  dataDir: string,
  target: SeedTarget,
  size: { readonly messages: number; readonly conversations: number },
): Promise<void> {
  await using engines = await openEmbeddedEngines({ directory: dataDir, partitions: 1 })
  const store = engines.messageStore
  const [found] = await store.heads([target])
  let head = found!
  const through = (await store.settled()).get(head.partition)!
  while (head.sequence < BigInt(size.messages)) {
    const writes = extend(head, target, Math.min(BATCH, size.messages - Number(head.sequence)))
    head = writes.head
    if (head.position > through) throw new Error('the log is too short for this many batches')
    await store.apply(head.partition, through, [writes])
  }
  await seedConversations(store, target.tenantId, head.partition, through, size.conversations)
}

async function seedConversations(store: MessageStore, tenantId: string, partition: number, through: bigint, count: number): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    const writes = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => {
      const key = { tenantId, conversationId: newId() }
      const empty = { ...key, partition, sequence: 0n, revision: 0n, position: 1n, activeAt: 1n, memberCount: 2 }
      const members = [`user-${from + i}`, `user-${from + i + 1}`].map((userId) => ({ userId, role: 1, joinedSequence: 0n }))
      return { ...extend(empty, key, 1), members }
    })
    await store.apply(partition, through, writes)
  }
}

/** The next messages of a conversation, as one batch of the log at one position. */
function extend(head: ConversationHead, key: { readonly conversationId: string }, count: number): ConversationWrites {
  const position = head.position + 1n
  const messages = Array.from({ length: count }, (_, i) => newMessage(key.conversationId, head, BigInt(i + 1), position))
  const last = messages.at(-1)!
  const { sequence, revision, acceptedAt: activeAt } = last
  return { head: { ...head, sequence, revision, position, activeAt }, messages, updates: [], edits: [], changes: [], members: [] }
}

function newMessage(conversationId: string, head: ConversationHead, offset: bigint, position: bigint): NewMessage {
  const sequence = head.sequence + offset
  const revision = head.revision + offset
  const messageId = newId()
  const from = 'writer'
  const acceptedAt = BigInt(Date.now()) * 1000n
  const payload = { type: 'text', content: { case: 'text', value: TEXT } } as const
  const createTime = { seconds: acceptedAt / 1_000_000n, nanos: 0 }
  const message = create(MessageSchema, { messageId, conversationId, sequence, revision, from, payload, createTime })
  return { sequence, messageId, revision, position, acceptedAt, from, data: toBinary(MessageSchema, message) }
}
