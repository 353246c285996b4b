import { setTimeout as sleep } from 'node:timers/promises'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { type RawClient, type RpcFailure, waitUntil } from '@chat4all/testkit'
import { status } from '@grpc/grpc-js'
import { expect } from 'vitest'
import { faultCase, verifyAfterwards } from './support/fault-case.ts'

verifyAfterwards()

faultCase(13, 'kill -9 of PostgreSQL, which stays away for a while', async ({ mesh, load }) => {
  const { client } = load.tenants[0]!
  const conversationId = load.history.records.find(({ tenant }) => tenant === load.tenants[0]!.tenantId)!.conversation
  const postgres = mesh.engines.postgres.process!
  await postgres.kill()
  await refusesChanges(client, conversationId)
  await sleep(10_000)
  await postgres.restart()
  const before = load.history.count('send', 'ok')
  await waitUntil('sends are accepted', () => load.history.count('send', 'ok') > before + 100)
})

async function refusesChanges(client: RawClient, conversationId: string): Promise<void> {
  await sleep(1_000)
  const started = performance.now()
  const refusal = await client.call(ConversationService.method.addMembers, { conversationId, members: ['sender-1'] }).then(
    () => undefined,
    (failure: RpcFailure) => failure,
  )
  console.log(`a change of members was refused after ${Math.round(performance.now() - started)} ms: ${refusal?.message}`)
  expect(refusal).toMatchObject({ code: status.UNAVAILABLE })
}
