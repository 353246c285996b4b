import { EngineUnavailable } from '@chat4all/ports'
import { jetstreamManager } from '@nats-io/jetstream'
import { afterEach, expect, test, vi } from 'vitest'
import { withServers } from '../testing/with-servers.ts'
import { OrderedPublisher } from './ordered-publisher.ts'

for (const size of [1, 3] as const) {
  withServers({ size }, (at) => {
    test('publishes what is new in the order of the calls, and finds the first positions of what is repeated', async () => {
      const connection = await at.connect()
      const jsm = await jetstreamManager(connection, { checkAPI: false })
      await jsm.streams.add({ name: 'S', subjects: ['s'], num_replicas: size, allow_atomic: true })
      const publisher = new OrderedPublisher(connection, { name: 'S', replicated: size > 1 })
      const publishAll = (ids: readonly string[]) =>
        Promise.all(ids.map((id) => publisher.publish({ subject: 's', id, payload: Buffer.from(id) })))
      expect(await publishAll(['a', 'b', 'c'])).toEqual([1, 2, 3].map((position) => ({ position, duplicate: false })))
      expect(await publishAll(['b', 'd', 'a', 'ключ 🔑', 'f'])).toEqual([
        { position: 2, duplicate: true },
        { position: 4, duplicate: false },
        { position: 1, duplicate: true },
        { position: 5, duplicate: false },
        { position: 6, duplicate: false },
      ])
      expect(await publishAll(['c'])).toEqual([{ position: 3, duplicate: true }])
      expect(await publishAll(['a', 'ключ 🔑', 'f'])).toEqual([1, 5, 6].map((position) => ({ position, duplicate: true })))
      expect((await jsm.streams.info('S')).state.messages).toBe(6)
    }, 60_000)
  })
}

withServers({ size: 1 }, (at) => {
  afterEach(() => void vi.useRealTimers())

  test('does not publish what waited while the process stood still: it may be old news', async () => {
    const connection = await at.connect()
    const jsm = await jetstreamManager(connection, { checkAPI: false })
    await jsm.streams.add({ name: 'S', subjects: ['s'], num_replicas: 1, allow_atomic: true })
    const publisher = new OrderedPublisher(connection, { name: 'S', replicated: false })
    const publish = (id: string) => publisher.publish({ subject: 's', id, payload: Buffer.from(id) })
    vi.useFakeTimers({ toFake: ['performance'] })
    const waiting = publish('waiting')
    vi.advanceTimersByTime(61_000)
    await expect(waiting).rejects.toThrow(EngineUnavailable)
    expect(await publish('new')).toEqual({ position: 1, duplicate: false })
  })
})
