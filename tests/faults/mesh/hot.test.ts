import { setTimeout as sleep } from 'node:timers/promises'
import { ConversationType } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { check, History, Receiver, readThroughApi, Sender, waitUntil } from '@chat4all/testkit'
import { expect } from 'vitest'
import { faultCase, type Scene, verifyAfterwards } from './support/fault-case.ts'

const MEMBERS = 1_000
/** Members with a live stream: 2,000 copies a second. With more, the test's own reading would be what the others wait for. */
const ONLINE = 20
const PER_SECOND = 100
const MEASURED_MS = 12_000
/** The others' messages may take twice as long, and this: every process of the mesh shares few CPUs with this test. */
const SLACK_MS = 50

verifyAfterwards()

faultCase(19, 'a hot conversation: 1,000 members, 100 messages a second', async (scene) => {
  const { load } = scene
  await using hot = await hotConversation(scene)
  const before = await during(load.history, MEASURED_MS)
  const started = performance.now()
  hot.sender.start()
  const meanwhile = await during(load.history, MEASURED_MS)
  const perSecond = (hot.sender.latencies.length * 1000) / (performance.now() - started)
  await hot.settle()

  console.log(`the hot conversation got ${perSecond.toFixed(0)} messages a second for ${ONLINE} of ${MEMBERS} members`)
  for (const what of ['acknowledged', 'arrived'] as const) {
    const [calm, busy] = [p99(before[what]), p99(meanwhile[what])]
    console.log(`other conversations, p99 until a message has ${what}: ${calm.toFixed(1)} ms before, ${busy.toFixed(1)} ms meanwhile`)
    expect(busy, what).toBeLessThan(2 * calm + SLACK_MS)
  }
  expect(perSecond).toBeGreaterThan(0.9 * PER_SECOND)
  expect([...hot.sender.answers.keys()]).toEqual([''])
  expect(check(await hot.evidence()).slice(0, 10)).toEqual([])
})

/** A group in the first tenant of the load, with a sender and live receivers of its own. */
async function hotConversation({ mesh, load }: Scene) {
  const { tenantId: tenant, client } = load.tenants[0]!
  const members = Array.from({ length: MEMBERS }, (_, i) => `fan-${i}`)
  const { conversation: created } = await client.call(ConversationService.method.createConversation, {
    type: ConversationType.GROUP,
    members,
  })
  const conversation = created!.conversationId
  const history = new History()
  const clients = await Promise.all(members.slice(0, ONLINE).map((user, i) => client.asUser(user, mesh.addressFor(i))))
  const procs = clients.map((_, i) => `${tenant}/fan-${i}`)
  const receivers = clients.map((client, i) => new Receiver({ proc: procs[i]!, user: members[i]!, tenant, client, history }))
  await Promise.all(receivers.map((receiver) => receiver.start()))
  const options = { proc: procs[0]!, tenant, client: clients[0]!, conversations: [conversation], history, window: 64, bodyBytes: 256 }
  const sender = new Sender(options)
  sender.intervalMs = 1000 / PER_SECOND
  return {
    sender,
    async settle() {
      sender.stop()
      await waitUntil('every hot message is acknowledged', () => sender.idle)
      const sent = BigInt(sender.latencies.length)
      await waitUntil('every hot message has arrived', () => receivers.every((receiver) => receiver.seen(conversation) >= sent))
    },
    async evidence() {
      const subscriptions = procs.map((proc) => ({ proc, tenant, conversation, after: 0n }))
      return { history: history.records, subscriptions, readings: [await readThroughApi(clients[0]!, tenant, conversation)] }
    },
    async [Symbol.asyncDispose]() {
      sender.close()
      for (const receiver of receivers) receiver.close()
      for (const client of clients) client.close()
    },
  }
}

/** How long messages took that were sent in the time to come: until acknowledged, and until a receiver had them. */
async function during({ records }: History, ms: number): Promise<{ readonly acknowledged: number[]; readonly arrived: number[] }> {
  const from = performance.now()
  await sleep(ms)
  const to = performance.now()
  await sleep(1_000)
  const sent = records.filter((record) => record.op === 'send').filter(({ callAt }) => callAt >= from && callAt < to)
  const calls = new Map(sent.map(({ messageId, callAt }) => [messageId, callAt]))
  const acknowledged = sent.filter(({ outcome }) => outcome === 'ok').map(({ callAt, returnAt }) => returnAt - callAt)
  const arrived = records.flatMap((record) => {
    const callAt = record.op === 'recv' ? calls.get(record.messageId) : undefined
    return callAt === undefined ? [] : [record.returnAt - callAt]
  })
  return { acknowledged, arrived }
}

function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)]!
}
