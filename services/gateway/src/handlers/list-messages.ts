import type { Timestamp } from '@bufbuild/protobuf/wkt'
import { decodePageToken, encodePageToken, invalidField, z } from '@chat4all/base'
import type { ListMessagesRequest, MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import type { ConversationKey, MessageStore, StoredMessage } from '@chat4all/ports'
import type { UnaryHandler } from '@chat4all/rpc'
import type { Conversations } from '../access/conversation-access.ts'
import { microsFromTimestamp } from '../mapping.ts'
import { shownMessage } from '../message-reader.ts'

type Range = { readonly after: bigint } | { readonly before: bigint }

// 18 digits: more than there will ever be, and whatever they are, they fit 64 bits.
const number = z.string().regex(/^\d{1,18}$/)
const position = z.object({ after: number }).or(z.object({ before: number }))

/** The times that Protobuf has (google/protobuf/timestamp.proto): the years 1 to 9999. */
const FIRST_SECOND = -62_135_596_800n
const LAST_SECOND = 253_402_300_799n

interface Deps {
  readonly store: MessageStore
  readonly conversations: Conversations
}

/** A page costs the same wherever it starts: it is read by sequence. */
export function listMessages({ store, conversations }: Deps): UnaryHandler<typeof MessageService.method.listMessages> {
  return async (request, { principal }) => {
    const key = { tenantId: principal!.tenantId, conversationId: request.conversationId.toLowerCase() }
    await conversations.requireReadable(principal!, key.conversationId)
    const limit = request.pageSize || 50
    if (request.position.case === 'around') return { messages: shown(await around(store, key, request.position.value, limit)) }
    const query = ['ListMessages', key.tenantId, key.conversationId, request.position.case ?? 'newest', `${positionValue(request)}`]
    const token = decodePageToken(request.pageToken, query, position)
    const range = token === undefined ? await firstRange(store, key, request) : rangeOfToken(token)
    const rows = await store.messages(key, range, limit + 1)
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    if (rows.length <= limit || last === undefined) return { messages: shown(page) }
    const next = 'after' in range ? { after: `${last.sequence}` } : { before: `${last.sequence}` }
    return { messages: shown(page), nextPageToken: encodePageToken(query, next) }
  }
}

function positionValue({ position }: ListMessagesRequest): bigint {
  return position.case === 'fromTime' ? micros(position.value) : (position.value ?? 0n)
}

function micros(time: Timestamp): bigint {
  if (time.seconds < FIRST_SECOND || time.seconds > LAST_SECOND) throw invalidField('from_time', 'must be of the years 1 to 9999')
  return microsFromTimestamp(time)
}

async function firstRange(store: MessageStore, key: ConversationKey, { position }: ListMessagesRequest): Promise<Range> {
  switch (position.case) {
    case 'since':
      return { after: position.value }
    case 'fromTime':
      return { after: (await store.sequenceAt(key, micros(position.value))) - 1n }
    case 'before':
      return { before: position.value }
    default:
      return { before: 0n }
  }
}

function rangeOfToken(token: z.infer<typeof position>): Range {
  return 'after' in token ? { after: BigInt(token.after) } : { before: BigInt(token.before) }
}

/** Half a page before the sequence, the message itself, and the rest after it. */
async function around(store: MessageStore, key: ConversationKey, sequence: bigint, limit: number): Promise<StoredMessage[]> {
  const half = BigInt(Math.floor(limit / 2))
  const after = sequence - 1n > half ? sequence - 1n - half : 0n
  return [...(await store.messages(key, { after }, limit))]
}

function shown(rows: readonly StoredMessage[]) {
  return rows.map(({ data }) => shownMessage(data))
}
