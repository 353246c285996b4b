import { setTimeout as sleep } from 'node:timers/promises'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { type RpcFailure, waitUntil } from '@chat4all/testkit'
import { status } from '@grpc/grpc-js'
import { expect } from 'vitest'
import { faultCase, verifyAfterwards } from './support/fault-case.ts'

verifyAfterwards()

faultCase(11, 'kill -9 of the message store in the middle of writes', async ({ mesh, load }) => {
  await mesh.engines.cql.process!.kill()
  await mesh.engines.cql.process!.restart()
  const before = load.history.count('recv')
  await waitUntil('messages arrive again', () => load.history.count('recv') > before + 200, 60_000)
})

faultCase(12, 'the message store stands still for 20 s: sends are accepted, and delivered later', async ({ mesh, load }) => {
  const { client, tenantId } = load.tenants[0]!
  const reader = await client.asUser('receiver-0', mesh.address)
  const conversationId = load.history.records.find(({ proc }) => proc === `${tenantId}/receiver-0`)!.conversation
  const cql = mesh.engines.cql.process!
  cql.pause()
  await sleep(3_000)
  const before = load.history.count('send', 'ok')
  await waitUntil('sends are accepted meanwhile', () => load.history.count('send', 'ok') > before + 200)
  const started = performance.now()
  const refusal = await reader.call(MessageService.method.listMessages, { conversationId }, 20_000).then(
    () => undefined,
    (failure: RpcFailure) => failure,
  )
  console.log(`a read was refused after ${Math.round(performance.now() - started)} ms: ${refusal?.message}`)
  expect(refusal).toMatchObject({ code: status.UNAVAILABLE, reason: 'ENGINE_UNAVAILABLE' })
  await sleep(Math.max(0, 15_000 - (performance.now() - started)))
  cql.resume()
  const received = load.history.count('recv')
  await waitUntil('the backlog drains', () => load.history.count('recv') > received + 500, 60_000)
  reader.close()
})
