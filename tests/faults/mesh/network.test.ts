import { setTimeout as sleep } from 'node:timers/promises'
import { type Load, waitUntil } from '@chat4all/testkit'
import { everyoneReceivedSince } from './support/everyone-received.ts'
import { faultCase, verifyAfterwards } from './support/fault-case.ts'

const CUT_MS = 8_000

verifyAfterwards()

faultCase(16, 'a gateway is cut off from NATS', async ({ mesh, load }) => {
  const ways = mesh.engines.nats.map((nats) => mesh.link(mesh.gateways[0]!, nats))
  for (const way of ways) way.partition()
  await waitUntil('the gateway says that it is not ready', async () => (await mesh.gateways[0]!.look()) === 'not ready')
  await sleep(CUT_MS)
  for (const way of ways) way.heal()
  await waitUntil('the gateway is ready again', async () => (await mesh.gateways[0]!.look()) === 'ready')
  const before = load.history.count('send', 'ok')
  await waitUntil('sends are accepted', () => load.history.count('send', 'ok') > before + 100)
})

faultCase(
  16,
  'a sequencer is not heard by NATS, another cut off from the store, a gateway from the directories',
  async ({ mesh, load }) => {
    const unheard = mesh.engines.nats.map((nats) => mesh.link(mesh.sequencers[0]!, nats))
    for (const way of unheard) way.shape({ toServer: { blackhole: true } })
    await sleep(CUT_MS)
    for (const way of unheard) way.heal()
    await everyoneReceives(load)

    const toStore = mesh.link(mesh.sequencers[1]!, mesh.engines.cql)
    toStore.partition()
    await sleep(CUT_MS)
    toStore.heal()
    await everyoneReceives(load)

    const toDirectories = mesh.directories.map((directory) => mesh.link(mesh.gateways[1]!, directory))
    for (const way of toDirectories) way.partition()
    await sleep(CUT_MS)
    for (const way of toDirectories) way.heal()
    await everyoneReceives(load)
  },
)

faultCase(16, 'the NATS servers are as far away as 50 ms', async ({ mesh }) => {
  const ways = mesh.services.flatMap((service) => mesh.engines.nats.map((nats) => mesh.link(service, nats)))
  for (const way of ways) way.shape({ toClient: { delayMs: 25 }, toServer: { delayMs: 25 } })
  await sleep(CUT_MS)
  for (const way of ways) way.heal()
})

async function everyoneReceives(load: Load): Promise<void> {
  const since = performance.now()
  await waitUntil('everyone receives again', () => everyoneReceivedSince(load, since), 60_000)
}
