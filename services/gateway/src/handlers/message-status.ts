import type { MessageInitShape } from '@bufbuild/protobuf'
import { DeliveryState, type StatusEntrySchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import type { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { type LiveBus, type MessageStore, type RecipientStatus, receiptsSubject, type StoredMessage } from '@chat4all/ports'
import type { ServerStreamHandler, UnaryHandler } from '@chat4all/rpc'
import { timestampFromMicros } from '../mapping.ts'
import type { MessageReader } from '../message-reader.ts'

type Methods = typeof MessageService.method
type Entry = MessageInitShape<typeof StatusEntrySchema>

interface Deps {
  readonly reader: MessageReader
  readonly store: MessageStore
  readonly bus: LiveBus
}

export function getMessageStatus({ reader, store }: Deps): UnaryHandler<Methods['getMessageStatus']> {
  return async ({ messageId }, { principal }) => {
    const { stored } = await reader.require(principal!, messageId, principal!.userId)
    return {
      messageId: stored.messageId,
      entries: ledger(stored, await store.recipientStatuses(stored, stored.sequence)).map(({ entry }) => entry),
    }
  }
}

/** Looks at the ledger again whenever a receipt of the conversation arrives. */
export function watchMessageStatus({ reader, store, bus }: Deps): ServerStreamHandler<Methods['watchMessageStatus']> {
  return async ({ messageId }, { principal, signal }, out) => {
    const { stored } = await reader.require(principal!, messageId, principal!.userId)
    const news = createNotice(signal)
    const unsubscribe = await bus.subscribe(receiptsSubject(stored.conversationId), news.notify)
    try {
      const told = new Set<string>()
      while (!signal.aborted) {
        const statuses = await store.recipientStatuses(stored, stored.sequence)
        const lines = ledger(stored, statuses).filter(({ id }) => !told.has(id))
        for (const { id } of lines) told.add(id)
        if (lines.length > 0) await out.send({ entries: lines.map(({ entry }) => entry) })
        if (statuses.every(({ readAt }) => readAt !== undefined)) return
        await news.wait()
      }
    } finally {
      unsubscribe()
    }
  }
}

/** Lines by time, then user. `id` names a line for ever: a line never changes. */
function ledger({ acceptedAt }: StoredMessage, statuses: readonly RecipientStatus[]): { readonly id: string; readonly entry: Entry }[] {
  const lines = statuses.flatMap(({ userId, deliveredAt, readAt }) => [
    { userId, state: DeliveryState.SENT, at: acceptedAt, cause: 'accepted' },
    ...(deliveredAt === undefined ? [] : [{ userId, state: DeliveryState.DELIVERED, at: deliveredAt, cause: 'receipt' }]),
    ...(readAt === undefined ? [] : [{ userId, state: DeliveryState.READ, at: readAt, cause: 'receipt' }]),
  ])
  lines.sort((a, b) => Number(a.at - b.at) || (a.userId < b.userId ? -1 : a.userId > b.userId ? 1 : a.state - b.state))
  return lines.map(({ userId, state, at, cause }) => ({
    id: `${userId}/${state}`,
    entry: { userId, channel: 'app', state, time: timestampFromMicros(at), cause },
  }))
}

/** A notice that can be waited for; one that came before the waiting is not missed. */
function createNotice(signal: AbortSignal): { readonly notify: () => void; readonly wait: () => Promise<void> } {
  let noticed = false
  let wake = () => {}
  const notify = () => {
    noticed = true
    wake()
  }
  signal.addEventListener('abort', notify, { once: true })
  return {
    notify,
    wait: () =>
      new Promise((resolve) => {
        wake = () => {
          noticed = false
          resolve()
        }
        if (noticed) wake()
      }),
  }
}
