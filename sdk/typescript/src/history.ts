import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import type { Conversation } from '#gen/chat4all/v1/conversation_pb.js'
import type { Message } from '#gen/chat4all/v1/message_pb.js'
import type { ListMessagesRequest } from '#gen/chat4all/v1/message_service_pb.js'
import { type Api, withSignal } from './api.ts'

/** Where to read from. At most one of the four; none: from the newest message downwards. Sequences are exclusive. */
export interface HistoryPosition {
  /** Messages after this sequence, upwards. */
  readonly since?: bigint
  /** Messages before this sequence, downwards. */
  readonly before?: bigint
  /** One page around this sequence, upwards. */
  readonly around?: bigint
  /** Messages accepted at or after this time, upwards. */
  readonly fromTime?: Date
}

/** How to read. */
export interface PageOptions {
  /** Most items per call to the server, at most 200. Default 50. */
  readonly pageSize?: number
  readonly signal?: AbortSignal
}

export async function* history(api: Api, conversationId: string, options: HistoryPosition & PageOptions = {}): AsyncGenerator<Message> {
  const { pageSize = 50, signal } = options
  const query = { conversationId, position: toPosition(options), pageSize }
  let pageToken = ''
  do {
    const page = await api.messages.listMessages({ ...query, pageToken }, withSignal(signal))
    yield* page.messages
    pageToken = page.nextPageToken
  } while (pageToken)
}

export async function* conversations(api: Api, userId: string, { pageSize = 50, signal }: PageOptions = {}): AsyncGenerator<Conversation> {
  let pageToken = ''
  do {
    const page = await api.conversations.listConversations({ userId, pageSize, pageToken }, withSignal(signal))
    yield* page.conversations
    pageToken = page.nextPageToken
  } while (pageToken)
}

function toPosition({ since, before, around, fromTime }: HistoryPosition): ListMessagesRequest['position'] {
  if (since !== undefined) return { case: 'since', value: since }
  if (before !== undefined) return { case: 'before', value: before }
  if (around !== undefined) return { case: 'around', value: around }
  if (fromTime !== undefined) return { case: 'fromTime', value: timestampFromDate(fromTime) }
  return { case: undefined }
}
