import type { JetStreamManager } from '@nats-io/jetstream'

/** A message as it stands in a stream. */
export interface ListedMessage {
  readonly position: number
  readonly data: Uint8Array
}

/** The first messages after a position that are in the stream now, in order. */
export async function listMessages(jsm: JetStreamManager, stream: string, after: number, limit: number): Promise<readonly ListedMessage[]> {
  const { messages, last_seq } = (await jsm.streams.info(stream)).state
  if (messages === 0 || after >= last_seq || limit < 1) return []
  const consumer = await jsm.jetstream().consumers.get(stream, { opt_start_seq: after + 1 })
  const listed: ListedMessage[] = []
  const { num_pending } = await consumer.info()
  if (num_pending > 0) {
    for await (const { seq, data, info } of await consumer.consume({ max_messages: Math.min(limit, 500) })) {
      listed.push({ position: seq, data })
      if (listed.length === limit || info.pending === 0) break
    }
  }
  await consumer.delete()
  return listed
}
