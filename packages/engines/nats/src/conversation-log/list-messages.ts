import type { LogEntry } from '@chat4all/ports'
import type { JetStreamManager } from '@nats-io/jetstream'

/** The first messages after a position that are in the stream now, in order. */
export async function listMessages(jsm: JetStreamManager, stream: string, after: number, limit: number): Promise<readonly LogEntry[]> {
  const { messages, last_seq } = (await jsm.streams.info(stream)).state
  if (messages === 0 || after >= last_seq || limit < 1) return []
  const consumer = await jsm.jetstream().consumers.get(stream, { opt_start_seq: after + 1 })
  const entries: LogEntry[] = []
  for await (const message of await consumer.consume({ max_messages: Math.min(limit, 500) })) {
    entries.push({ position: BigInt(message.seq), record: message.data })
    if (entries.length === limit || message.seq >= last_seq || message.info.pending === 0) break
  }
  await consumer.delete()
  return entries
}
