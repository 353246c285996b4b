import { silentLogger } from '@chat4all/base'
import { jetstreamManager } from '@nats-io/jetstream'
import { expect, test, vi } from 'vitest'
import { openNatsEngines } from './open.ts'
import { withServers } from './testing/with-servers.ts'

withServers({ size: 1 }, (at) => {
  const options = () => ({ servers: at.servers.urls, partitions: 2, replicas: 1, name: 'test' }) as const

  test('refuses a single replica unless it is told to allow it', async () => {
    await expect(openNatsEngines(options())).rejects.toThrow('one replica')
  })

  test('opens in several processes at once, says how durable it is, and reports settings that differ without changing them', async () => {
    const logger = silentLogger.child({})
    const [info, warn] = [vi.spyOn(logger, 'info'), vi.spyOn(logger, 'warn')]
    const open = () => openNatsEngines({ ...options(), allowSingleReplica: true, logger })
    const both = await Promise.all([open(), open()])
    expect(info.mock.calls[0]).toMatchObject([
      { replicas: 1, version: expect.stringMatching(/^2\./) },
      expect.stringContaining('one disk only'),
    ])
    expect(warn.mock.calls).toEqual([])
    for (const engines of both) await engines[Symbol.asyncDispose]()

    const jsm = await jetstreamManager(await at.connect())
    await jsm.streams.update('CONV_1', { duplicate_window: 5_000_000_000 })
    await using _ = await open()
    expect(warn.mock.calls.map(([where]) => where)).toEqual([
      { stream: 'CONV_1', field: 'duplicate_window', wanted: 60_000_000_000, found: 5_000_000_000 },
    ])
    expect((await jsm.streams.info('CONV_1')).config.duplicate_window).toBe(5_000_000_000)
  })
})
