import { setTimeout as sleep } from 'node:timers/promises'
import { waitUntil } from '@chat4all/testkit'
import { faultCase } from './support/fault-case.ts'

const CUT_MS = 8_000

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

faultCase(16, 'a sequencer hears NATS, and is not heard', async ({ mesh }) => {
  const ways = mesh.engines.nats.map((nats) => mesh.link(mesh.sequencers[0]!, nats))
  for (const way of ways) way.shape({ toServer: { blackhole: true } })
  await sleep(CUT_MS)
  for (const way of ways) way.heal()
})

faultCase(16, 'a sequencer is cut off from the message store', async ({ mesh, load }) => {
  const way = mesh.link(mesh.sequencers[0]!, mesh.engines.cql)
  way.partition()
  await sleep(CUT_MS)
  way.heal()
  const before = load.history.count('recv')
  await waitUntil('messages arrive', () => load.history.count('recv') > before + 300)
})

faultCase(16, 'a gateway is cut off from both directories', async ({ mesh }) => {
  const ways = mesh.directories.map((directory) => mesh.link(mesh.gateways[1]!, directory))
  for (const way of ways) way.partition()
  await sleep(CUT_MS)
  for (const way of ways) way.heal()
})

faultCase(16, 'the NATS servers are as far away as 50 ms', async ({ mesh }) => {
  const ways = mesh.services.flatMap((service) => mesh.engines.nats.map((nats) => mesh.link(service, nats)))
  for (const way of ways) way.shape({ toClient: { delayMs: 25 }, toServer: { delayMs: 25 } })
  await sleep(CUT_MS)
  for (const way of ways) way.heal()
})
