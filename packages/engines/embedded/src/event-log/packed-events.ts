import type { SequencedEvent } from '@chat4all/ports'
import { type PackedEntries, packEntries, unpackEntries } from '../sqlite/packed-entries.ts'

/** Events on their way between threads: one buffer for all bytes. */
export interface PackedEvents {
  readonly tenantIds: readonly string[]
  readonly conversationIds: readonly string[]
  readonly entries: PackedEntries
}

export function packEvents(events: readonly SequencedEvent[]): PackedEvents {
  return {
    tenantIds: events.map(({ tenantId }) => tenantId),
    conversationIds: events.map(({ conversationId }) => conversationId),
    entries: packEntries(events.map(({ position, event }) => ({ position: Number(position), record: event }))),
  }
}

export function unpackEvents({ tenantIds, conversationIds, entries }: PackedEvents): SequencedEvent[] {
  return unpackEntries(entries).map(({ position, record }, index) => ({
    position,
    tenantId: tenantIds[index]!,
    conversationId: conversationIds[index]!,
    event: record,
  }))
}
