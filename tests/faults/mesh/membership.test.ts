import { setTimeout as sleep } from 'node:timers/promises'
import { ConversationType } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { engineMissing, History, type Mesh, RawClient, Receiver, type RpcFailure } from '@chat4all/testkit'
import { describe, expect, it } from 'vitest'
import { faultMesh } from './support/fault-mesh.ts'

const { createConversation, addMembers, removeMembers } = ConversationService.method
const ROUNDS = 6
const MISSING = engineMissing('nats', 'cassandra', 'postgres', 's3')

describe.skipIf(MISSING !== undefined)(`a removed member${MISSING === undefined ? '' : `: ${MISSING}`}`, () => {
  it.each([0, 1])('can neither send nor see anything after the acknowledgement, at gateway %i, also while it stands still', async (at) => {
    const mesh = await faultMesh()
    const { owner, leaver, sender, conversationId } = await scene(mesh, at)
    const history = new History()
    const live = new Receiver({ proc: 'leaver', user: 'leaver', tenant: 't', client: leaver, history })
    await live.start()
    const gateway = mesh.gateways[at]!.process!
    const secrets: string[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const paused = round % 2 === 1
      if (paused) gateway.pause()
      await owner.call(removeMembers, { conversationId, members: ['leaver'] })
      const send = sender.call(MessageService.method.sendMessage, { conversationId, payload: text(`too late ${round}`) }).then(
        () => 'accepted',
        ({ reason }: RpcFailure) => reason,
      )
      const secret = await owner.call(MessageService.method.sendMessage, {
        conversationId,
        from: 'owner',
        payload: text(`secret ${round}`),
      })
      secrets.push(secret.messageId)
      if (paused) {
        await sleep(500)
        gateway.resume()
      }
      expect(await send).toBe('NOT_A_MEMBER')
      // Long enough to show what it should not.
      await sleep(1_000)
      expect(seen(history).filter((id) => secrets.includes(id))).toEqual([])
      await owner.call(addMembers, { conversationId, members: ['leaver'] })
      const welcome = await owner.call(MessageService.method.sendMessage, { conversationId, from: 'owner', payload: text('welcome') })
      await expect.poll(() => seen(history).includes(welcome.messageId), { timeout: 20_000 }).toBe(true)
      secrets.length = 0
    }
    live.close()
    for (const client of [owner, leaver, sender]) client.close()
  })
})

/** A group of two. The one who will be removed is at one gateway, with a stream and another connection; the API client is at the other. */
async function scene(mesh: Mesh, at: number) {
  const [here, there] = [mesh.gateways[at]!.address, mesh.gateways[1 - at]!.address]
  const owner = await RawClient.signIn(there, mesh.credentials)
  const { conversation } = await owner.call(createConversation, { type: ConversationType.GROUP, members: ['owner', 'leaver'] })
  const [leaver, sender] = [await owner.asUser('leaver', here), await owner.asUser('leaver', here)]
  return { owner, leaver, sender, conversationId: conversation!.conversationId }
}

const text = (value: string) => ({ content: { case: 'text' as const, value } })
const seen = ({ records }: History): string[] => records.flatMap((record) => (record.op === 'recv' ? [record.messageId] : []))
