import { createHash } from 'node:crypto'
import { uuidToBytes } from '@chat4all/base'
import type { ConversationKey, MessageEditRow, MessageStore, MessageUpdate, RangeDigest, StoredMessage } from '@chat4all/ports'
import type { CqlClient } from '../cql/client.ts'
import { messageBucket, messageSlices } from './buckets.ts'
import { type Conversation, findConversation } from './conversation.ts'
import { readPending } from './updates.ts'

/** The columns of a stored message, with names as the port has them. The id is an object of the driver. */
interface MessageColumns {
  readonly sequence: bigint
  readonly messageId: { toString(): string }
  readonly revision: bigint
  readonly acceptedAt: bigint
  readonly from: string
  readonly data: Uint8Array
}

const COLUMNS = 'sequence, message_id AS "messageId", revision, accepted_at AS "acceptedAt", sender AS "from", data'
const IN_BUCKET = 'FROM messages WHERE tenant_id = ? AND conversation_id = ? AND bucket = ?'
const SELECT_RANGE = `SELECT ${COLUMNS} ${IN_BUCKET} AND sequence >= ? AND sequence <= ?`
const SELECT_SOME = `SELECT ${COLUMNS} ${IN_BUCKET} AND sequence IN ?`
const SELECT_TIME = `SELECT accepted_at AS "acceptedAt" ${IN_BUCKET} AND sequence = ?`
const SELECT_SENDERS = `SELECT sequence, sender ${IN_BUCKET} AND sequence >= ? AND sequence <= ?`
const SELECT_DIGEST = `SELECT sequence, message_id AS "messageId", revision ${IN_BUCKET} AND sequence >= ? AND sequence <= ?`
const SELECT_ID = 'SELECT conversation_id, sequence, log_partition, position FROM message_ids WHERE tenant_id = ? AND message_id = ?'
const SELECT_IDS = `SELECT message_id AS "messageId", conversation_id, sequence, log_partition, position
  FROM message_ids WHERE tenant_id = ? AND message_id IN ?`
const SELECT_POSITIONS = `SELECT sequence, position ${IN_BUCKET} AND sequence >= ? AND sequence <= ?`
const SELECT_EDITS = `SELECT sequence, revision, replaced_at AS "replacedAt", data FROM message_edits
  WHERE tenant_id = ? AND conversation_id = ? AND bucket = ? AND sequence = ? AND revision <= ?`

/** ScyllaDB takes no more keys or values of a clustering column in one query. */
const IN_VALUES = 100
/** Messages that `unread` looks at in one step. */
const UNREAD_STEP = 256n

/** Where a message is. */
export interface MessagePlace {
  readonly conversation_id: string
  readonly sequence: bigint
  readonly log_partition: number
  readonly position: bigint
}

/** Finds where the messages with these ids are, in as few requests as the engine takes. */
export async function findMessages(
  cql: CqlClient,
  tenantId: string,
  messageIds: readonly string[],
): Promise<ReadonlyMap<string, MessagePlace>> {
  const chunks = Array.from({ length: Math.ceil(messageIds.length / IN_VALUES) }, (_, i) =>
    messageIds.slice(i * IN_VALUES, (i + 1) * IN_VALUES),
  )
  const rows = await Promise.all(chunks.map((chunk) => cql.rows<MessagePlace & Identified>(SELECT_IDS, [tenantId, chunk])))
  return new Map(rows.flat().map((row) => [row.messageId.toString(), row]))
}

/** Finds where the message with an id is, a message that is not shown yet included. */
export function findMessage(cql: CqlClient, tenantId: string, messageId: string): Promise<MessagePlace | undefined> {
  return cql.row<MessagePlace>(SELECT_ID, [tenantId, messageId])
}

export function createMessageReads(cql: CqlClient) {
  return {
    async message(tenantId: string, messageId: string): Promise<StoredMessage | undefined> {
      const place = await findMessage(cql, tenantId, messageId)
      if (!place) return undefined
      const conversation = await findConversation(cql, { tenantId, conversationId: place.conversation_id })
      if (!conversation || place.sequence > conversation.sequence) return undefined
      return (await readMessagesAt(cql, conversation, [place.sequence]))[0]
    },

    /** Sequences have no gaps, so a page is a range of them: one bucket, seldom two. */
    async messages(...[key, range, limit]: Parameters<MessageStore['messages']>): Promise<StoredMessage[]> {
      const conversation = await findConversation(cql, key)
      if (!conversation) return []
      const { sequence } = conversation
      if ('after' in range) return readMessages(cql, conversation, range.after + 1n, range.after + BigInt(limit))
      const before = range.before > 0n && range.before <= sequence ? range.before : sequence + 1n
      return (await readMessages(cql, conversation, before - BigInt(limit), before - 1n)).reverse()
    },

    /** By halving: times rise with the sequence, as far as the clocks of those who accept messages agree. */
    async sequenceAt(key: ConversationKey, time: bigint): Promise<bigint> {
      const conversation = await findConversation(cql, key)
      let [low, high] = [1n, (conversation?.sequence ?? 0n) + 1n]
      while (low < high) {
        const middle = (low + high) / 2n
        const row = await cql.row<{ readonly acceptedAt: bigint }>(SELECT_TIME, inBucket(key, messageBucket(middle), middle))
        if (!row) throw new Error(`conversation ${key.conversationId} of tenant ${key.tenantId} has no message ${middle}`)
        if (row.acceptedAt < time) low = middle + 1n
        else high = middle
      }
      return low
    },

    async edits(key: ConversationKey, sequence: bigint): Promise<MessageEditRow[]> {
      const conversation = await findConversation(cql, key)
      if (!conversation || sequence > conversation.sequence) return []
      const pending = await readPending(cql, conversation)
      if (pending.some((update) => update.eraseEdits && update.sequence === sequence)) return []
      const params = inBucket(key, messageBucket(sequence), sequence, conversation.revision)
      const rows = await cql.rows<MessageEditRow>(SELECT_EDITS, params)
      return rows.map(({ sequence, revision, replacedAt, data }) => ({ sequence, revision, replacedAt, data: new Uint8Array(data) }))
    },

    async unread(
      key: ConversationKey,
      userId: string,
      after: bigint,
      limit: number,
    ): Promise<{ readonly count: number; readonly first: bigint }> {
      const conversation = await findConversation(cql, key)
      const last = conversation?.sequence ?? 0n
      const sequences: bigint[] = []
      for (let from = after + 1n; from <= last && sequences.length < limit; from += UNREAD_STEP) {
        const to = from + UNREAD_STEP - 1n < last ? from + UNREAD_STEP - 1n : last
        const rows = await readSlices<{ readonly sequence: bigint; readonly sender: string }>(cql, SELECT_SENDERS, key, from, to)
        sequences.push(...rows.filter(({ sender }) => sender !== userId).map(({ sequence }) => sequence))
      }
      return { count: Math.min(sequences.length, limit), first: limit > 0 ? (sequences[0] ?? 0n) : 0n }
    },

    async digest(key: ConversationKey, from: bigint, to: bigint): Promise<RangeDigest> {
      const conversation = await findConversation(cql, key)
      const hash = createHash('sha256')
      let count = 0n
      if (conversation)
        for await (const rows of digestRows(cql, conversation, from, to)) {
          for (const row of rows) hash.update(digestRecord(row))
          count += BigInt(rows.length)
        }
      return { count, checksum: new Uint8Array(hash.digest()) }
    },
  }
}

type Identified = Pick<MessageColumns, 'messageId'>
type DigestColumns = Pick<MessageColumns, 'sequence' | 'messageId' | 'revision'>

/** Bucket by bucket: a range may be as long as the conversation. */
async function* digestRows(cql: CqlClient, conversation: Conversation, from: bigint, to: bigint): AsyncGenerator<DigestColumns[]> {
  const updates = latest(await readPending(cql, conversation))
  for (const slice of shownSlices(conversation, from, to)) {
    const rows = await cql.rows<DigestColumns>(SELECT_DIGEST, inBucket(conversation, slice.bucket, slice.from, slice.to))
    yield rows.map((row) => withUpdate(row, updates))
  }
}

function digestRecord({ sequence, messageId, revision }: DigestColumns): Buffer {
  const record = Buffer.alloc(32)
  record.writeBigInt64BE(sequence, 0)
  record.set(uuidToBytes(messageId.toString()), 8)
  record.writeBigInt64BE(revision, 24)
  return record
}

/** The messages of a range that the head shows, ascending. */
export async function readMessages(cql: CqlClient, conversation: Conversation, from: bigint, to: bigint): Promise<StoredMessage[]> {
  const updates = latest(await readPending(cql, conversation))
  const read = (slice: { readonly bucket: bigint; readonly from: bigint; readonly to: bigint }) =>
    cql.rows<MessageColumns>(SELECT_RANGE, inBucket(conversation, slice.bucket, slice.from, slice.to))
  const rows = (await Promise.all(shownSlices(conversation, from, to).map(read))).flat()
  return rows.map((row) => toMessage(conversation, withUpdate(row, updates)))
}

/** Messages by their sequences, ascending; those that are not there are left out. */
export async function readMessagesAt(cql: CqlClient, conversation: Conversation, sequences: readonly bigint[]): Promise<StoredMessage[]> {
  const updates = latest(await readPending(cql, conversation))
  const read = ({ bucket, some }: { readonly bucket: bigint; readonly some: readonly bigint[] }) =>
    cql.rows<MessageColumns>(SELECT_SOME, [conversation.tenantId, conversation.conversationId, bucket, some])
  const rows = (await Promise.all(inChunks(sequences).map(read))).flat()
  return rows.map((row) => toMessage(conversation, withUpdate(row, updates))).sort((a, b) => (a.sequence < b.sequence ? -1 : 1))
}

/** The log positions of the messages of a range. */
export async function positionsOf(cql: CqlClient, key: ConversationKey, from: bigint, to: bigint): Promise<ReadonlyMap<bigint, bigint>> {
  const rows = await readSlices<{ readonly sequence: bigint; readonly position: bigint }>(cql, SELECT_POSITIONS, key, from, to)
  return new Map(rows.map(({ sequence, position }) => [sequence, position]))
}

async function readSlices<Row>(cql: CqlClient, query: string, key: ConversationKey, from: bigint, to: bigint): Promise<Row[]> {
  const read = (slice: { readonly bucket: bigint; readonly from: bigint; readonly to: bigint }) =>
    cql.rows<Row>(query, inBucket(key, slice.bucket, slice.from, slice.to))
  return (await Promise.all(messageSlices(from, to).map(read))).flat()
}

/** The slices of a range that is cut to the messages that the head shows. */
function shownSlices({ sequence }: Conversation, from: bigint, to: bigint): ReturnType<typeof messageSlices> {
  return messageSlices(from > 1n ? from : 1n, to < sequence ? to : sequence)
}

function inBucket({ tenantId, conversationId }: ConversationKey, bucket: bigint, ...rest: readonly bigint[]) {
  return [tenantId, conversationId, bucket, ...rest]
}

function inChunks(sequences: readonly bigint[]): { readonly bucket: bigint; readonly some: bigint[] }[] {
  const chunks: { readonly bucket: bigint; readonly some: bigint[] }[] = []
  for (const sequence of [...new Set(sequences)].sort((a, b) => (a < b ? -1 : 1))) {
    const bucket = messageBucket(sequence)
    const last = chunks.at(-1)
    if (last?.bucket === bucket && last.some.length < IN_VALUES) last.some.push(sequence)
    else chunks.push({ bucket, some: [sequence] })
  }
  return chunks
}

/** The newest update of each message. */
function latest(updates: readonly MessageUpdate[]): ReadonlyMap<bigint, MessageUpdate> {
  const ascending = [...updates].sort((a, b) => (a.revision < b.revision ? -1 : 1))
  return new Map(ascending.map((update) => [update.sequence, update]))
}

function withUpdate<Row extends DigestColumns>(row: Row, updates: ReadonlyMap<bigint, MessageUpdate>): Row {
  const update = updates.get(row.sequence)
  return update && update.revision > row.revision ? { ...row, revision: update.revision, data: update.data } : row
}

function toMessage({ tenantId, conversationId }: ConversationKey, row: MessageColumns): StoredMessage {
  const { sequence, messageId, revision, acceptedAt, from, data } = row
  return { tenantId, conversationId, sequence, messageId: messageId.toString(), revision, acceptedAt, from, data: new Uint8Array(data) }
}
