import { setTimeout as sleep } from 'node:timers/promises'
import { anyUnpack } from '@bufbuild/protobuf/wkt'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { RetryInfoSchema } from '@chat4all/gen/google/rpc/error_details_pb.js'
import { type Mesh, type RpcFailure, waitUntil } from '@chat4all/testkit'
import { status } from '@grpc/grpc-js'
import { connect } from '@nats-io/transport-node'
import { expect } from 'vitest'
import { everyoneReceivedSince } from './support/everyone-received.ts'
import { faultCase, verifyAfterwards } from './support/fault-case.ts'

/** By its port, so that the case is the same whichever server leads. */
const PARTITIONS = 16

verifyAfterwards()

faultCase(6, 'kill -9 of each NATS server, one at a time', async ({ mesh, load }) => {
  for (const { process } of mesh.engines.nats) {
    await process!.kill()
    const before = load.history.count('send', 'ok')
    await waitUntil('the other two go on', () => load.history.count('send', 'ok') > before + 200, 60_000)
    await process!.restart()
    await sleep(3_000)
  }
})

faultCase(7, 'the leaders of all streams and consumers step down, twice', async ({ mesh }) => {
  for (let round = 0; round < 2; round++) {
    await ask(mesh, (partition) => `$JS.API.STREAM.LEADER.STEPDOWN.CONV_${partition}`)
    await sleep(5_000)
    await ask(mesh, (partition) => `$JS.API.CONSUMER.LEADER.STEPDOWN.CONV_${partition}.seq`)
    await sleep(5_000)
  }
})

faultCase(8, 'two of three NATS servers are lost, then come back', async ({ mesh, load }) => {
  const lost = mesh.engines.nats.slice(1)
  const { client, tenantId } = load.tenants[0]!
  const reader = await client.asUser('receiver-0', mesh.address)
  const conversationId = load.history.records.find(({ proc }) => proc === `${tenantId}/receiver-0`)!.conversation
  // Its message may be stored later, and the load knows nothing of it: it belongs to another tenant.
  const outsider = await mesh.apiClient()
  await outsider.call(MessageService.method.sendMessage, { to: 'bob', from: 'ann', payload: TEXT })
  await Promise.all(lost.map(({ process }) => process!.kill()))
  await sleep(5_000)
  const started = performance.now()
  const refusal = await outsider.call(MessageService.method.sendMessage, { to: 'bob', from: 'ann', payload: TEXT }).then(
    () => undefined,
    (failure: RpcFailure) => failure,
  )
  const took = performance.now() - started
  console.log(`a send was refused as unavailable after ${Math.round(took)} ms`)
  expect(refusal).toMatchObject({ code: status.UNAVAILABLE })
  expect(refusal!.status!.details.some((detail) => anyUnpack(detail, RetryInfoSchema) !== undefined)).toBe(true)
  expect(took).toBeLessThan(20_000)
  const { messages } = await reader.call(MessageService.method.listMessages, { conversationId, pageSize: 10 })
  expect(messages.length).toBeGreaterThan(0)
  await Promise.all(lost.map(({ process }) => process!.restart()))
  const before = load.history.count('send', 'ok')
  await waitUntil('sends are accepted again', () => load.history.count('send', 'ok') > before + 100, 60_000)
  reader.close()
  outsider.close()
})

faultCase(10, 'the consumers of all partitions are deleted', async ({ mesh, load }) => {
  await ask(mesh, (partition) => `$JS.API.CONSUMER.DELETE.CONV_${partition}.seq`)
  await sleep(1_000)
  const since = performance.now()
  await waitUntil('everyone receives again', () => everyoneReceivedSince(load, since), 60_000)
})

faultCase(10, 'the streams of all partitions are lost, with nothing in them that is not stored', async ({ mesh, load }) => {
  await load.settle()
  await ask(mesh, (partition) => `$JS.API.STREAM.DELETE.CONV_${partition}`)
  const since = performance.now()
  load.start()
  await waitUntil('everyone receives again', () => everyoneReceivedSince(load, since), 60_000)
})

const TEXT = { content: { case: 'text', value: 'x' } } as const

/** Asks every partition's stream for something, past the services. */
async function ask(mesh: Mesh, subject: (partition: number) => string): Promise<void> {
  const connection = await connect({ servers: mesh.engines.nats.map(({ address }) => address) })
  const requests = Array.from({ length: PARTITIONS }, (_, partition) => connection.request(subject(partition), '', { timeout: 5_000 }))
  await Promise.allSettled(requests)
  await connection.close()
}
