import { silentLogger } from '@chat4all/base'
import type { ConversationLog, Directory, OutboxEntry } from '@chat4all/ports'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { OutboxRelay } from './relay.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

const entry = (id: number): OutboxEntry => ({
  id: BigInt(id),
  tenantId: 't',
  conversationId: 'c',
  partition: 0,
  key: `key-${id}`,
  record: new Uint8Array(),
})

/** A relay with an outbox and a log. `during` runs while an entry is on its way into the log. */
function relayWith(outbox: OutboxEntry[], during: (entry: string) => void) {
  const log: string[] = []
  const directory = {
    outbox: async () => [...outbox],
    clearOutbox: async (ids: readonly bigint[]) => {
      outbox.splice(0, outbox.length, ...outbox.filter(({ id }) => !ids.includes(id)))
    },
  }
  const append = async (_: number, { key }: { readonly key: string }) => {
    log.push(key)
    during(key)
    return { position: 1n, duplicate: false }
  }
  const deps = { directory: directory as unknown as Directory, log: { append } as unknown as ConversationLog, logger: silentLogger }
  return { log, relay: new OutboxRelay(deps) }
}

test('reads the outbox again after it stood still: what others have carried over meanwhile must not follow what came later', async () => {
  const outbox = [entry(1), entry(2), entry(3)]
  const { log, relay } = relayWith(outbox, (key) => {
    if (key !== 'key-1') return
    // Another directory carries over everything, and forgets it.
    vi.advanceTimersByTime(61_000)
    outbox.splice(0, 3, entry(4))
  })
  await relay.flush('c')
  expect(log).toEqual(['key-1', 'key-4'])
  expect(outbox).toEqual([])
})

test('goes on where it was, when nobody else did its work meanwhile', async () => {
  const outbox = [entry(1), entry(2)]
  const { log, relay } = relayWith(outbox, () => void vi.advanceTimersByTime(31_000))
  await relay.flush('c')
  expect(log).toEqual(['key-1', 'key-2'])
  expect(outbox).toEqual([])
})
