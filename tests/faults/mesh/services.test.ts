import { setTimeout as sleep } from 'node:timers/promises'
import { ConversationType } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { type RawClient, waitUntil } from '@chat4all/testkit'
import { expect } from 'vitest'
import { everyoneReceivedSince } from './support/everyone-received.ts'
import { faultCase, verifyAfterwards } from './support/fault-case.ts'

verifyAfterwards()

faultCase(1, 'kill -9 of each gateway with its live streams', async ({ mesh, load }) => {
  for (const { process } of mesh.gateways) {
    await process!.kill()
    const before = load.history.count('send', 'ok')
    await waitUntil('the other gateway takes over', () => load.history.count('send', 'ok') > before + 100)
    await process!.restart()
    await sleep(2_000)
  }
  for (const receiver of load.receivers) expect(receiver.sessions).toBeGreaterThan(1)
})

faultCase(2, 'kill -9 of each directory while it hands its outbox to the log', async ({ mesh, load }) => {
  const [tenant] = load.tenants
  const created: string[] = []
  let stop = false
  const create = async () => {
    while (!stop) {
      const request = { type: ConversationType.GROUP, members: ['sender-0', 'receiver-0'], requestId: crypto.randomUUID() }
      const answer = await tenant!.client.call(ConversationService.method.createConversation, request).catch(() => undefined)
      if (answer) created.push(answer.conversation!.conversationId)
    }
  }
  const creating = create()
  for (let round = 0; round < 4; round++) {
    await sleep(1_500)
    const { process } = mesh.directories[round % 2]!
    await process!.kill()
    const before = created.length
    await waitUntil('the other directory takes over', () => created.length > before + 10)
    await process!.restart()
  }
  stop = true
  await creating
  // In the log, ordered, and shown to its members: once.
  const user = await tenant!.client.asUser('receiver-0')
  await waitUntil('every conversation that was created is there', async () => {
    const listed = await listConversations(user)
    return created.every((id) => listed.filter((other) => other === id).length === 1)
  })
  user.close()
})

faultCase(3, 'kill -9 of each sequencer, the owner of half of the partitions', async ({ mesh, load }) => {
  for (const { process } of mesh.sequencers) {
    await process!.kill()
    const killedAt = performance.now()
    await waitUntil('every conversation moves again', () => everyoneReceivedSince(load, killedAt))
    console.log(`every receiver had new messages after ${Math.round(performance.now() - killedAt)} ms`)
    await process!.restart()
    await sleep(4_000)
  }
})

faultCase(15, 'SIGSTOP of one service of each kind for 30 s, then SIGCONT', async ({ mesh }) => {
  const frozen = [mesh.gateways[1]!, mesh.directories[0]!, mesh.sequencers[0]!]
  for (const { process } of frozen) process!.pause()
  await sleep(30_000)
  for (const { process } of frozen) process!.resume()
})

faultCase(27, 'SIGTERM of a service of each kind under load, one after the other', async ({ mesh }) => {
  for (const { name, process } of [mesh.gateways[1]!, mesh.directories[1]!, mesh.sequencers[1]!]) {
    const asked = performance.now()
    await process!.stop()
    expect([name, process!.exitCode]).toEqual([name, 0])
    expect(performance.now() - asked).toBeLessThan(12_000)
    await process!.restart()
    await sleep(1_000)
  }
})

faultCase(28, 'a sequencer and a gateway join, and leave again', async ({ mesh, load }) => {
  const sequencer = await mesh.add('sequencer')
  const gateway = await mesh.add('gateway')
  await waitUntil('the new sequencer owns its share', () => sequencer.process!.log.includes('owns the partition'))
  await sleep(8_000)
  for (const member of [gateway, sequencer]) expect([member.name, await mesh.remove(member)]).toEqual([member.name, 0])
  expect(load.history.count('send', 'ok')).toBeGreaterThan(100)
})

async function listConversations(user: RawClient): Promise<string[]> {
  const ids: string[] = []
  let pageToken = ''
  do {
    const page = await user.call(ConversationService.method.listConversations, { pageToken, pageSize: 100 })
    ids.push(...page.conversations.map(({ conversationId }) => conversationId))
    pageToken = page.nextPageToken
  } while (pageToken !== '')
  return ids
}
