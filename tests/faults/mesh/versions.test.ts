import { setTimeout as sleep } from 'node:timers/promises'
import { create, toBinary } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { newId } from '@chat4all/base'
import { LogRecordSchema } from '@chat4all/gen/chat4all/internal/v1/log_record_pb.js'
import { MessageSchema, PayloadSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { hashText, makeText, type RawClient } from '@chat4all/testkit'
import { connect, headers, type NatsConnection } from '@nats-io/transport-node'
import { expect } from 'vitest'
import { faultCase, type Scene, verifyAfterwards } from './support/fault-case.ts'
import { expectMorePartitions, MORE_PARTITIONS, partitionsOf } from './support/partitions.ts'

const PAUSE_MS = 20
/** What only the newer version knows: a text in a field of its own. */
const FIELD = [{ no: 1_000, wireType: 2, data: Buffer.from('\x05newer', 'latin1') }]

verifyAfterwards()

faultCase(26, 'rolling restart of every service that adds partitions to the log, old and new records side by side', async (scene) => {
  const { mesh, load } = scene
  const stop = new AbortController()
  const writing = writeAsNewer(scene, stop.signal)
  const before = await partitionsOf(mesh)
  // The directories last: they give new conversations a partition, and the others must know it by then.
  for (const { name, process } of [...mesh.sequencers, ...mesh.gateways, ...mesh.directories]) {
    await process!.stop()
    expect([name, process!.exitCode]).toEqual([name, 0])
    await process!.restart({ CHAT4ALL_PARTITIONS: String(MORE_PARTITIONS) })
    await sleep(1_000)
  }
  stop.abort()
  const written = await writing
  console.log(`${written.size} records of the newer writer stand between ${load.history.count('send', 'ok') - written.size} others`)
  expect(written.size).toBeGreaterThan(100)
  await load.settle()
  await expectMorePartitions(mesh, before)

  // The members of the first tenant still see what the newer writer put into its messages.
  const { client, tenantId } = load.tenants[0]!
  const reader = await client.asUser('receiver-0', mesh.address)
  const [mine] = load.history.records.filter(({ proc }) => proc === `${tenantId}/receiver-0`).map(({ conversation }) => conversation)
  const expected = [...written].filter(([, conversation]) => conversation === mine).map(([messageId]) => messageId)
  const kept = await newerMessages(reader, mine!)
  expect(expected.length).toBeGreaterThan(0)
  expect(kept.sort()).toEqual(expected.sort())
  reader.close()
})

/** Writes into the conversations of the load, past the gateways, and tells the load, whose checker then looks for these messages, too. Resolves to the conversations by message. */
async function writeAsNewer({ mesh, load: { history } }: Scene, signal: AbortSignal): Promise<Map<string, string>> {
  const written = new Map<string, string>()
  const conversations = [...new Map(history.records.map((record) => [record.conversation, record])).values()]
  const partitions = await partitionsOf(mesh)
  const connection = await connect({ servers: mesh.engines.nats.map(({ address }) => address) })
  for (let turn = 0; !signal.aborted; turn++) {
    const { tenant, conversation } = conversations[turn % conversations.length]!
    const messageId = newId()
    const text = makeText(messageId, 256)
    const callAt = performance.now()
    const record = newerRecord(tenant, conversation, messageId, text)
    await append(connection, `conv.${partitions.get(conversation)}.${conversation}`, `${tenant}:m:${messageId}`, record)
    const [proc, session, outcome, bodyHash] = [`${tenant}/newer`, 1, 'ok', hashText(text)] as const
    history.add({ op: 'send', proc, tenant, conversation, messageId, bodyHash, session, callAt, returnAt: performance.now(), outcome })
    written.set(messageId, conversation)
    await sleep(PAUSE_MS)
  }
  await connection.close()
  return written
}

async function append(connection: NatsConnection, subject: string, key: string, record: Uint8Array): Promise<void> {
  const named = headers()
  named.set('Nats-Msg-Id', key)
  const answer = (await connection.request(subject, record, { headers: named, timeout: 10_000 })).json<{ readonly seq?: number }>()
  expect(answer.seq, JSON.stringify(answer)).toBeGreaterThan(0)
}

/** As today's gateways write it, with a field at each level that they don't know. */
function newerRecord(tenantId: string, conversationId: string, messageId: string, text: string): Uint8Array {
  const from = 'sender-0'
  const createTime = timestampFromMs(Date.now())
  const payload = newer(create(PayloadSchema, { type: 'text', content: { case: 'text', value: text } }))
  const message = newer(create(MessageSchema, { messageId, conversationId, from, payload, createTime }))
  const value = { messageId, from, message: toBinary(MessageSchema, message) }
  const timeMicros = BigInt(Date.now()) * 1000n
  const record = newer(
    create(LogRecordSchema, { schemaVersion: 1, tenantId, conversationId, timeMicros, kind: { case: 'message', value } }),
  )
  record.kind.value!.$unknown = FIELD
  return toBinary(LogRecordSchema, record)
}

function newer<M extends object>(message: M): M {
  return Object.assign(message, { $unknown: FIELD })
}

/** The messages of a conversation that still have the field, in the message and in its payload. */
async function newerMessages(reader: RawClient, conversationId: string): Promise<string[]> {
  const found: string[] = []
  let pageToken = ''
  do {
    const page = await reader.call(MessageService.method.listMessages, { conversationId, pageSize: 200, pageToken })
    for (const { messageId, $unknown, payload } of page.messages) if ($unknown && payload?.$unknown) found.push(messageId)
    pageToken = page.nextPageToken
  } while (pageToken !== '')
  return found
}
