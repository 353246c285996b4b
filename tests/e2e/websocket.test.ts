import { once } from 'node:events'
import { newId } from '@chat4all/base'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { ConversationType } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import type { RawClient } from '@chat4all/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { Socket } from './support/socket.ts'
import { World } from './support/world.ts'

let world: World
let client: RawClient
let port: number
beforeAll(async () => {
  world = await World.start()
  const { credentials } = await world.tenant()
  client = await world.server.apiClient(credentials)
  port = world.server.httpPort
})
afterAll(async () => {
  client.close()
  await world[Symbol.asyncDispose]()
})

async function newGroup(): Promise<string> {
  const members = ['ana', 'bo']
  const { conversation } = await client.call(ConversationService.method.createConversation, { type: ConversationType.GROUP, members })
  return conversation!.conversationId
}

const tokenOf = async (userId: string) => (await client.call(AuthService.method.createUserToken, { userId })).accessToken

/** A socket of a user, whose stream is live. */
async function live(userId: string, cursor = ''): Promise<Socket> {
  const socket = await Socket.open(port)
  socket.send({ id: 'who', authenticate: { token: await tokenOf(userId) } })
  socket.send({ id: 'stream', subscribe: { cursor } })
  await socket.find((answer) => answer.event?.caught_up === true)
  return socket
}

const textOf = (event: { message_created?: { payload?: { text?: string } } }) => event.message_created?.payload?.text

describe('a socket', () => {
  it('sends, gets what others send, and marks receipts', async () => {
    const conversation_id = await newGroup()
    const [ana, bo] = [await live('ana'), await live('bo')]
    const message_id = newId()
    ana.send({ id: 'first', send_message: { message_id, conversation_id, payload: { type: 'text', text: 'over a socket' } } })
    expect(await ana.find(({ id }) => id === 'first')).toMatchObject({ message_sent: { status: 'accepted', message_id } })
    await expect.poll(() => bo.events.map(textOf), { timeout: 10_000 }).toContain('over a socket')
    bo.send({ id: 'mark', mark_receipts: { marks: [{ conversation_id, delivered_through: '1', read_through: '1' }] } })
    expect(await bo.find(({ id }) => id === 'mark')).toHaveProperty('receipts_marked')
    await expect.poll(() => ana.events.filter((event) => event.receipt?.user_id === 'bo'), { timeout: 10_000 }).not.toEqual([])
    ana.close()
    bo.close()
  })

  it('speaks Protobuf as well, and takes the token from the handshake', async () => {
    const conversationId = await newGroup()
    const headers = { authorization: `Bearer ${await tokenOf('ana')}` }
    const ana = await Socket.open(port, { protocol: 'chat4all.v1.proto', headers })
    ana.sendProto({ request: { case: 'subscribe', value: {} } })
    await expect
      .poll(() => ana.protos.some(({ response }) => response.case === 'event' && response.value.caughtUp), { timeout: 10_000 })
      .toBe(true)
    const payload = { content: { case: 'text', value: 'in bytes' } } as const
    ana.sendProto({ id: '1', request: { case: 'sendMessage', value: { conversationId, payload } } })
    const texts = () =>
      ana.protos.flatMap(({ response }) =>
        response.case !== 'event'
          ? []
          : response.value.events.map(({ kind }) => (kind.case === 'messageCreated' ? kind.value.payload?.content.value : undefined)),
      )
    await expect.poll(texts, { timeout: 10_000 }).toContain('in bytes')
    ana.close()
  })

  it('gives what was missed to who comes back with the last cursor', async () => {
    const conversation_id = await newGroup()
    const before = await live('bo')
    const { cursor } = (await before.find((answer) => answer.event?.cursor)).event
    before.close()
    await before.untilClosed()
    const ana = await live('ana')
    ana.send({ id: 'm', send_message: { conversation_id, payload: { text: 'while bo was away' } } })
    await ana.find(({ id }) => id === 'm')
    await expect.poll(() => ana.events.map(textOf), { timeout: 10_000 }).toContain('while bo was away')
    const after = await live('bo', cursor)
    await expect.poll(() => after.events.map(textOf), { timeout: 10_000 }).toContain('while bo was away')
    ana.close()
    after.close()
  })

  it('refuses what cannot be done, and goes on', async () => {
    const ana = await live('ana')
    ana.send({ id: 'absent', send_message: { conversation_id: newId(), payload: { text: 'to nobody' } } })
    expect(await ana.find(({ id }) => id === 'absent')).toMatchObject({
      error: { code: 5, details: [{ reason: 'CONVERSATION_NOT_FOUND' }] },
    })
    ana.send({ id: 'twice', subscribe: {} })
    expect(await ana.find(({ id }) => id === 'twice')).toMatchObject({ error: { details: [{ reason: 'CONFLICT' }] } })
    ana.send({ id: 'again', authenticate: { token: 'x' } })
    expect(await ana.find(({ id }) => id === 'again')).toMatchObject({ error: { details: [{ reason: 'CONFLICT' }] } })
    expect(ana.closed).toBeUndefined()
    ana.close()
  })
})

describe('the close code says what to do about', () => {
  const token = { token: 'not a token' }
  it.each([
    ['a token that does not hold', 4401, 'TOKEN_INVALID', JSON.stringify({ authenticate: token })],
    ['a stream without a token', 4401, 'TOKEN_INVALID', JSON.stringify({ subscribe: {} })],
    ['text that is no JSON', 4400, 'REQUEST_MALFORMED', '{'],
    ['a request of no kind', 4499, 'FIELD_INVALID', '{"id":"1"}'],
    ['a field that does not exist', 4400, 'REQUEST_MALFORMED', '{"id":"1","subscribe":{"from":"a"}}'],
    ['bytes where text was agreed on', 4400, 'REQUEST_MALFORMED', Buffer.from([1, 2, 3])],
  ])('%s', async (_, code, reason, frame) => {
    const socket = await Socket.open(port)
    socket.sendRaw(frame)
    expect(await socket.untilClosed()).toEqual([code, reason])
  })

  it('a frame that is too large', async () => {
    const socket = await Socket.open(port)
    socket.sendRaw('x'.repeat(5 * 1024 * 1024))
    expect((await socket.untilClosed())[0]).toBe(1009)
  })

  it('a socket on which nobody says who calls', async () => {
    const socket = await Socket.open(port)
    expect(await socket.untilClosed()).toEqual([4408, 'DEADLINE_EXCEEDED'])
  })

  it('a token that is revoked', async () => {
    const token = await tokenOf('ana')
    const socket = await Socket.open(port)
    socket.send({ authenticate: { token } })
    socket.send({ subscribe: {} })
    await socket.find((answer) => answer.event?.ready)
    await client.call(AuthService.method.revokeToken, { token })
    expect(await socket.untilClosed()).toEqual([4401, 'TOKEN_INVALID'])
  })
})

describe('the handshake', () => {
  it.each([
    ['another path', '/v1/other', {}, 404],
    ['a page of another origin', '/v1/live', { origin: 'https://evil.example' }, 403],
  ])('is refused for %s', async (_, path, headers, status) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, 'chat4all.v1.json', { headers })
    socket.on('error', () => {})
    const [, response] = await once(socket, 'unexpected-response')
    expect(response.statusCode).toBe(status)
  })

  it('is taken from a page of the server itself', async () => {
    const socket = await Socket.open(port, { headers: { origin: `http://127.0.0.1:${port}` } })
    socket.close()
    await socket.untilClosed()
  })
})
