import { JetStreamApiError } from '@nats-io/jetstream'
import { headers, type MsgHdrs, type NatsConnection, nuid } from '@nats-io/nats-core'
import { CODE, hasCode } from '../errors.ts'

const TIMEOUT_MS = 2_000
/** No stream ever has this sequence, and JavaScript can hold it. */
const NEVER = String(Number.MAX_SAFE_INTEGER)

/** A message for a stream. Its id is what the stream finds repeats by. */
export interface StreamMessage {
  readonly subject: string
  readonly id: string
  readonly payload: Uint8Array
}

/** What a stream answered. Of a batch, `seq` is the last one's. */
interface PubAck {
  readonly seq: number
  readonly duplicate?: boolean
}

interface Reply extends PubAck {
  readonly error?: { readonly code: number; readonly err_code: number; readonly description: string }
}

/** A stream to publish to. */
export interface PublishTarget {
  readonly name: string
  readonly replicated: boolean
}

/** Stores one message. */
export function publishOne(connection: NatsConnection, { name }: PublishTarget, message: StreamMessage): Promise<PubAck> {
  return request(connection, message, idHeaders(name, message.id))
}

/** Stores all messages one after the other, or none of them (ADR-50 of NATS). One id that the stream knows makes it refuse them all. */
export async function publishBatch(
  connection: NatsConnection,
  { name }: PublishTarget,
  batchId: string,
  messages: readonly StreamMessage[],
): Promise<PubAck> {
  const headersOf = ({ id }: StreamMessage, index: number) => {
    const result = idHeaders(name, id)
    result.set('Nats-Batch-Id', batchId)
    result.set('Nats-Batch-Sequence', String(index + 1))
    return result
  }
  const last = messages.length - 1
  for (const [index, message] of messages.entries()) {
    if (index === last) break
    connection.publish(message.subject, message.payload, { headers: headersOf(message, index) })
  }
  const commit = headersOf(messages[last]!, last)
  commit.set('Nats-Batch-Commit', '1')
  return request(connection, messages[last]!, commit)
}

/** The position of a message whose id the stream knows, or undefined. Stores nothing: what is new is refused, since it expects what can never be. A replicated stream looks at the expected sequence after the id, and before it proposes anything to the replicas; a single one looks at the sequence first, but at the expected last id after the id. */
export async function findDuplicate(
  connection: NatsConnection,
  { name, replicated }: PublishTarget,
  message: StreamMessage,
): Promise<number | undefined> {
  const impossible = idHeaders(name, message.id)
  if (replicated) impossible.set('Nats-Expected-Last-Sequence', NEVER)
  else impossible.set('Nats-Expected-Last-Msg-Id', nuid.next())
  try {
    const { seq } = await request(connection, { ...message, payload: new Uint8Array() }, impossible)
    return seq
  } catch (error) {
    if (hasCode(error, CODE.wrongLastSequence) || hasCode(error, CODE.wrongLastMessageId)) return undefined
    throw error
  }
}

function idHeaders(stream: string, id: string): MsgHdrs {
  const result = headers()
  result.set('Nats-Msg-Id', headerToken(id))
  result.set('Nats-Expected-Stream', stream)
  return result
}

/** Headers are lines of text whose ends are trimmed: ids with anything but printable ASCII are escaped, and only they contain a `%`. */
function headerToken(id: string): string {
  return /^[\x21-\x24\x26-\x7e]+$/.test(id) ? id : encodeURIComponent(id)
}

async function request(connection: NatsConnection, { subject, payload }: StreamMessage, withHeaders: MsgHdrs): Promise<PubAck> {
  const answer = await connection.request(subject, payload, { timeout: TIMEOUT_MS, headers: withHeaders })
  const { error, ...ack } = answer.json<Reply>()
  if (error) throw new JetStreamApiError(error)
  return ack
}
