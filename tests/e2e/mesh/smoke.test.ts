import { newId } from '@chat4all/base'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import { engineMissing, type Member, Mesh, RawClient, waitUntil } from '@chat4all/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Live } from '../support/live.ts'
import { textOf } from '../support/world.ts'

const missing = engineMissing('nats', 'cassandra', 'postgres', 's3')

describe.skipIf(missing !== undefined)(`the mesh${missing === undefined ? '' : `: ${missing}`}`, () => {
  const stack = new AsyncDisposableStack()
  let mesh: Mesh
  let clients: RawClient[]
  beforeAll(async () => {
    mesh = stack.use(await Mesh.start())
    clients = await Promise.all(mesh.gateways.map(({ address }) => RawClient.signIn(address, mesh.credentials)))
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
    for (const live of [ana, bruno])
      await waitUntil(
        'both messages arrive',
        () => live.messages.length === 2,
        10_000,
        () => JSON.stringify(textsOf(live)),
      )
    expect(textsOf(bruno)).toEqual(textsOf(ana))
    expect(textsOf(ana).sort()).toEqual(['and back', 'to the other side'])
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
      () => bruno.messages.length === texts.length,
      20_000,
      () => JSON.stringify(textsOf(bruno)),
    )
    await victim.process!.restart()
    await send(1, 'ana', 'bruno', 'last')
    await waitUntil('what is sent afterwards arrives', () => textsOf(bruno).includes('last'), 20_000)
    expect(textsOf(bruno)).toEqual([...texts, 'last'])
  })

  it('stops every service cleanly', async () => {
    const services: readonly Member[] = [...mesh.gateways, ...mesh.directories, ...mesh.sequencers]
    await mesh.stop()
    expect(services.map(({ name, process }) => [name, process!.exitCode])).toEqual(services.map(({ name }) => [name, 0]))
  })

  /** A live stream of a user, through one of the gateways. */
  async function tail(userId: string, gateway: number): Promise<Live> {
    const client = await clients[gateway]!.asUser(userId)
    stack.defer(() => client.close())
    return stack.use(await Live.open(client))
  }
})

const textsOf = (live: Live): string[] => live.messages.map(textOf)
