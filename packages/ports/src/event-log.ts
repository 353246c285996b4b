import type { Partition } from './conversation-log.ts'

/** A sequenced change on its way to services that work on it later. */
export interface SequencedEvent {
  /** The log position of the record that it follows from. One record makes at most one event. */
  readonly position: bigint
  readonly tenantId: string
  readonly conversationId: string
  /** An encoded chat4all.v1.Event. */
  readonly event: Uint8Array
}

/** Durable, named consumers over sequenced events.
 *
 *  Events are kept only while a registered consumer has not acknowledged them. What is published while no consumer is
 *  registered is gone: publishing then costs nothing. */
export interface EventLog extends AsyncDisposable {
  /** Publishes events of one partition in order. Repeating positions is harmless: a consumer sees each once, except after its own failure. When it resolves, registered consumers will get the events even after kill -9. */
  publish(partition: Partition, events: readonly SequencedEvent[]): Promise<void>

  /** Makes a durable consumer known. It gets every event published from now on, until it is removed. Repeating it changes nothing. */
  register(consumer: string): Promise<void>

  /** Forgets a consumer and what only it still needed. */
  remove(consumer: string): Promise<void>

  /** Delivers events to a registered consumer until the signal aborts, in order in each partition. A batch that `handle` resolved is acknowledged; one it threw on comes again after a pause. Running it twice at once for one name is not supported by every engine.  */
  consume(
    consumer: string,
    handle: (partition: Partition, events: readonly SequencedEvent[]) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>
}
