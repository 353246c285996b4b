import { fromBinary } from '@bufbuild/protobuf'
import { newId } from '@chat4all/base'
import { SubscribeResponseSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import { engineMissing, type Member, Mesh, type RawClient, waitUntil } from '@chat4all/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const missing = engineMissing('nats', 'cassandra', 'postgres', 's3')

describe.skipIf(missing !== undefined)(`the mesh${missing === undefined ? '' : `: ${missing}`}`, () => {
  const stack = new AsyncDisposableStack()
  let mesh: Mesh
  let clients: RawClient[]
  beforeAll(async () => {
    mesh = stack.use(await Mesh.start())
    clients = await Promise.all(mesh.gateways.map((_, index) => mesh.apiClient(index)))
    for (const client of clients) stack.defer(() => client.close())
    await clients[0]!.call(UserService.method.batchUpsertUsers, { users: [{ userId: 'ana' }, { userId: 'bruno' }] })
  }, 180_000)
  afterAll(() => stack.disposeAsync())

  const send = (gateway: number, from: string, to: string, text: string) =>
    clients[gateway]!.call(MessageService.method.sendMessage, {
      from,
      to,
      messageId: newId(),
      payload: { content: { case: 'text', value: text } },
    })

  it('carries messages in both directions between users at different gateways', async () => {
    const ana = await tail('ana', 0)
    const bruno = await tail('bruno', 1)
    await send(0, 'ana', 'bruno', 'to the other side')
    await send(1, 'bruno', 'ana', 'and back')
    for (const { texts } of [ana, bruno])
      await waitUntil(
        'both messages arrive',
        () => texts.length === 2,
        10_000,
        () => JSON.stringify(texts),
      )
    expect(bruno.texts).toEqual(ana.texts)
    expect([...ana.texts].sort()).toEqual(['and back', 'to the other side'])
  })

  it.each(['directories', 'sequencers'] as const)('goes on when one of the %s is killed, and when it comes back', async (role) => {
    const bruno = await tail('bruno', 1)
    const victim = mesh[role][0]!
    await victim.process!.kill()
    expect(await victim.look()).toBe('ended')
    const texts = Array.from({ length: 5 }, (_, index) => `${role} ${index}`)
    for (const text of texts) await send(0, 'ana', 'bruno', text)
    await waitUntil(
      'what was sent meanwhile arrives',
      () => bruno.texts.length === texts.length,
      20_000,
      () => JSON.stringify(bruno.texts),
    )
    await victim.process!.restart()
    await send(1, 'ana', 'bruno', 'last')
    await waitUntil('what is sent afterwards arrives', () => bruno.texts.includes('last'), 20_000)
    expect(bruno.texts).toEqual([...texts, 'last'])
  })

  it('stops every service cleanly', async () => {
    const services: readonly Member[] = [...mesh.gateways, ...mesh.directories, ...mesh.sequencers]
    await mesh.stop()
    expect(services.map(({ name, process }) => [name, process!.exitCode])).toEqual(services.map(({ name }) => [name, 0]))
  })

  /** A live stream of a user, through one of the gateways. */
  async function tail(userId: string, gateway: number): Promise<{ readonly texts: string[] }> {
    const client = await clients[gateway]!.asUser(userId)
    const texts: string[] = []
    let live = false
    const stream = client.subscribe('', {
      onMessage(bytes) {
        const { caughtUp, events } = fromBinary(SubscribeResponseSchema, bytes)
        live ||= caughtUp
        for (const { kind } of events) if (kind.case === 'messageCreated') texts.push(kind.value.payload?.content.value as string)
      },
      onEnd() {},
    })
    stack.defer(() => {
      stream.cancel()
      client.close()
    })
    await waitUntil('the stream is live', () => live)
    return { texts }
  }
})
