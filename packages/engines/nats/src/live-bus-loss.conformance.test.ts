import { EngineUnavailable } from '@chat4all/ports'
import { expect, test, vi } from 'vitest'
import { NatsLiveBus } from './live-bus.ts'
import { withServers } from './testing/with-servers.ts'

const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 5 })
const bytes = (text: string) => new Uint8Array(Buffer.from(text))

/** A bus that notes losses and messages in the order in which it hears of them. */
async function listen(bus: NatsLiveBus): Promise<string[]> {
  const heard: string[] = []
  bus.onLoss({ began: () => heard.push('began'), over: () => heard.push('over') })
  await bus.subscribe('live.test', (payload) => heard.push(Buffer.from(payload).toString()))
  return heard
}

withServers({ size: 3 }, (at) => {
  test('a subscriber that was cut off hears of the loss before what comes later', async () => {
    const [publisher, connection] = [await NatsLiveBus.open(await at.connect()), await at.connect()]
    const subscriber = await NatsLiveBus.open(connection)
    const heard = await listen(subscriber)
    publisher.publish(['live.test'], bytes('before'))
    await eventually(() => expect(heard).toEqual(['before']))
    await connection.reconnect()
    await eventually(() => expect(heard.length).toBeGreaterThanOrEqual(3))
    publisher.publish(['live.test'], bytes('after'))
    await eventually(() => expect(heard).toEqual(['before', 'began', 'over', 'after']))
  })

  test('subscribers hear of what a publisher lost, before what it publishes later', async () => {
    const [connection, subscriber] = [await at.connect(), await NatsLiveBus.open(await at.connect())]
    const publisher = await NatsLiveBus.open(connection)
    const heard = await listen(subscriber)
    publisher.publish(['live.test'], bytes('before'))
    await eventually(() => expect(heard).toEqual(['before']))
    await connection.reconnect()
    const publishing = setInterval(() => publisher.publish(['live.test'], bytes('later')), 5)
    await eventually(() => expect(heard).toContain('later'))
    clearInterval(publishing)
    expect(heard.slice(1, 4)).toEqual(['began', 'over', 'later'])
  })

  test('reaches subscribers on every server as soon as they have subscribed', async () => {
    const buses = await Promise.all(Array.from({ length: 6 }, async () => NatsLiveBus.open(await at.connect())))
    for (let round = 0; round < 20; round += 1) {
      const subject = `live.round.${round}`
      const got = new Set<number>()
      await Promise.all(buses.map((bus, index) => bus.subscribe(subject, () => got.add(index))))
      buses[round % buses.length]!.publish([subject], bytes('x'))
      await eventually(() => expect(got.size).toBe(buses.length))
    }
  })

  test('a flush says that what was published before it may be lost', async () => {
    const connection = await at.connect()
    const publisher = await NatsLiveBus.open(connection)
    await publisher.flush()
    const broken = connection.reconnect()
    publisher.publish(['live.test'], bytes('lost'))
    await expect(publisher.flush()).rejects.toThrow(EngineUnavailable)
    await broken
    await eventually(() => publisher.flush())
  })
})
