import { fromBinary } from '@bufbuild/protobuf'
import type { Clock } from '@chat4all/base'
import { type LogRecord, LogRecordSchema } from '@chat4all/gen/chat4all/internal/v1/log_record_pb.js'
import { type Appended, type ConversationLog, EngineUnavailable, type LiveBus, type LiveHandler, type NewRecord } from '@chat4all/ports'

/** A clock that stands still until it is moved. */
export class FakeClock implements Clock {
  #now = 1_760_000_000_000
  now(): number {
    return this.#now
  }
  advance(ms: number): void {
    this.#now += ms
  }
}

/** A log in memory: it knows keys it has seen, and can be away. */
export class FakeLog implements Pick<ConversationLog, 'partitions' | 'append'> {
  readonly partitions = 8
  readonly appended: { readonly partition: number; readonly record: NewRecord }[] = []
  away = false
  /** Holds back appends until it resolves. */
  gate: Promise<void> = Promise.resolve()

  async append(partition: number, record: NewRecord): Promise<Appended> {
    await this.gate
    if (this.away) throw new EngineUnavailable('the log is away')
    const duplicate = this.appended.some((before) => before.record.key === record.key)
    if (!duplicate) this.appended.push({ partition, record })
    return { position: BigInt(this.appended.length), duplicate }
  }

  /** What the log holds of one conversation, in order. */
  records(conversationId: string): readonly LogRecord[] {
    return this.appended
      .filter((entry) => entry.record.conversationId === conversationId)
      .map((entry) => fromBinary(LogRecordSchema, entry.record.record))
  }

  /** The cases of the changes of one conversation, in order. */
  changes(conversationId: string): readonly (string | undefined)[] {
    return this.records(conversationId).map(({ kind }) => (kind.case === 'conversationChange' ? kind.value.kind.case : kind.case))
  }
}

/** A bus that hands over at once. */
export class FakeBus implements LiveBus {
  readonly #handlers = new Map<string, Set<LiveHandler>>()

  publish(subjects: readonly string[], payload: Uint8Array): void {
    for (const subject of subjects) for (const handler of this.#handlers.get(subject) ?? []) handler(payload, subject)
  }
  async subscribe(subject: string, handler: LiveHandler) {
    const handlers = this.#handlers.get(subject) ?? new Set()
    this.#handlers.set(subject, handlers.add(handler))
    return () => void handlers.delete(handler)
  }
  async flush() {}
  onLoss() {
    return () => {}
  }
  async [Symbol.asyncDispose]() {}
}
