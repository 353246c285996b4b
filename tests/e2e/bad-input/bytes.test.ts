import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2'
import { gzipSync } from 'node:zlib'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { MessageService, SendMessageResponseSchema } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { StatusSchema } from '@chat4all/gen/google/rpc/status_pb.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { METHODS, nameOf, pathOf } from '../support/api.ts'
import { describe as describeRefusal } from '../support/refusal.ts'
import { newScene, type Scene } from '../support/requests.ts'
import { leavesNoTrace, type Tenant, text, World } from '../support/world.ts'

const MALFORMED = 'INVALID_ARGUMENT REQUEST_MALFORMED'
const TOO_LARGE = 'RESOURCE_EXHAUSTED REQUEST_TOO_LARGE'
const DEPTH = 20_000

/** Bytes that are no message of any type. */
const GARBAGE: Readonly<Record<string, Buffer>> = {
  'a field that is cut off': Buffer.from([0x0a, 0x7f, 0x61]),
  'a number that never ends': Buffer.alloc(20, 0xff),
  'a field with the number 0': Buffer.from([0x02, 0x01, 0x61]),
  'a length beyond the end of memory': Buffer.from([0xa2, 0x1f, 0xff, 0xff, 0xff, 0xff, 0x0f]),
  'an end of a group that never began': Buffer.from([0x7c]),
  'a wire type that does not exist': Buffer.from([0x0f]),
  'groups 20,000 levels deep': Buffer.concat([Buffer.alloc(DEPTH, 0x7b), Buffer.alloc(DEPTH, 0x7c)]),
}

let world: World
let acme: Tenant
let scene: Scene
let wire: Wire
/** May call everything. */
let operatorToken: string
beforeAll(async () => {
  world = await World.start()
  acme = await world.tenant()
  scene = await newScene(acme, acme.credentials.client_id)
  const { client_id: clientId, client_secret: clientSecret } = world.server.credentials
  operatorToken = (await world.client().call(AuthService.method.createToken, { clientId, clientSecret })).accessToken
  wire = new Wire(connect(`http://127.0.0.1:${world.server.grpcPort}`), scene.ana.token)
})
afterAll(async () => {
  wire?.close()
  await world[Symbol.asyncDispose]()
})

/** One connection of gRPC, bytes by bytes: a client library would open another when the server drops it. */
class Wire {
  readonly #session: ClientHttp2Session
  readonly #token: string

  constructor(session: ClientHttp2Session, token: string) {
    this.#session = session
    this.#token = token
  }

  /** Sends one frame and ends. Resolves to the outcome. */
  call(path: string, message: Uint8Array, token = this.#token, announced = message.length): Promise<string> {
    const stream = this.#session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: `Bearer ${token}`,
    })
    return new Promise((resolve, reject) => {
      let trailers: IncomingHttpHeaders = {}
      stream.on('response', (headers) => {
        trailers = { ...trailers, ...headers }
      })
      stream.on('trailers', (headers) => {
        trailers = { ...trailers, ...headers }
      })
      stream.on('error', reject)
      stream.on('close', () => resolve(outcomeOf(trailers)))
      stream.resume()
      const head = Buffer.alloc(5)
      head.writeUInt32BE(announced, 1)
      stream.end(Buffer.concat([head, message]))
    })
  }

  get open(): boolean {
    return !this.#session.destroyed && !this.#session.closed
  }

  close(): void {
    this.#session.destroy()
  }
}

function outcomeOf(trailers: IncomingHttpHeaders): string {
  if (trailers['grpc-status'] === '0') return 'OK'
  const packed = trailers['grpc-status-details-bin']
  return describeRefusal(fromBinary(StatusSchema, Buffer.from(String(packed), 'base64')))
}

function good(): Uint8Array {
  const { input } = MessageService.method.sendMessage
  return toBinary(input, create(input, { conversationId: scene.conversationId, payload: text('good') }))
}
const SEND = pathOf(MessageService.method.sendMessage)

describe('over one gRPC connection', () => {
  it.each(METHODS.map((method) => [nameOf(method), method] as const))(
    '%s refuses garbage, and the connection goes on working',
    async (_name, method) => {
      for (const [name, bytes] of Object.entries(GARBAGE))
        expect([name, await wire.call(pathOf(method), bytes, operatorToken)]).toEqual([name, MALFORMED])
      expect(await wire.call(SEND, good())).toBe('OK')
      expect(wire.open).toBe(true)
    },
  )

  it('a message may be followed by fields that this server does not know', async () => {
    const unknown = Buffer.from([0xf8, 0xff, 0x03, 0x01])
    expect(await wire.call(SEND, Buffer.concat([good(), unknown]))).toBe('OK')
  })

  it('a request of more than 4 MiB is refused, one of a little less is read', async () => {
    const { input } = MessageService.method.sendMessage
    const sized = (bytes: number) =>
      toBinary(input, create(input, { conversationId: scene.conversationId, payload: text('x'.repeat(bytes)) }))
    const limit = 4 * 1024 * 1024
    const call = async () => {
      expect(await wire.call(SEND, sized(limit - 100))).toBe('INVALID_ARGUMENT FIELD_INVALID payload.text')
      expect(await wire.call(SEND, sized(limit + 100))).toBe(TOO_LARGE)
      expect(await wire.call(pathOf(MessageService.method.sendStream), sized(limit + 100))).toBe(TOO_LARGE)
    }
    await leavesNoTrace(scene.ana, scene.conversationId, call)
    expect(await wire.call(SEND, good())).toBe('OK')
    expect(wire.open).toBe(true)
  })

  it('a frame that announces more than it holds is not taken for a message', async () => {
    const call = () => wire.call(SEND, good(), scene.ana.token, 1_000).catch(() => 'reset')
    expect(await leavesNoTrace(scene.ana, scene.conversationId, call)).not.toBe('OK')
    expect(await wire.call(SEND, good())).toBe('OK')
  })

  it('RPCs that do not exist are not found', async () => {
    for (const path of ['/chat4all.v1.MessageService/Nothing', '/chat4all.v1.Nothing/SendMessage', '/', '/../etc/passwd'])
      expect([path, await statusOf(path)]).toEqual([path, 12])
  })

  it('RPCs between services are not to be called from outside', async () => {
    expect(await statusOf('/chat4all.internal.v1.DirectoryService/ResolveUser')).toBe(12)
  })
})

describe('over HTTP', () => {
  const url = (path: string) => `http://127.0.0.1:${world.server.httpPort}${path}`

  async function post(path: string, type: string, body: BodyInit): Promise<string> {
    const headers = { 'content-type': type, authorization: `Bearer ${scene.ana.token}` }
    const answer = await fetch(url(path), { method: 'POST', headers, body })
    if (answer.ok) return 'OK'
    const { code, details } = (await answer.json()) as { code: string; details: { debug: { reason: string } }[] }
    return `${code} ${details[0]?.debug.reason}`
  }

  it.each(Object.entries(GARBAGE))('refuses %s', async (_name, bytes) => {
    expect(await post(SEND, 'application/proto', new Uint8Array(bytes))).toBe('invalid_argument REQUEST_MALFORMED')
  })

  const deep = (open: string, close: string) => open.repeat(DEPTH) + close.repeat(DEPTH)
  it.each([
    ['nothing', ''],
    ['half an object', '{'],
    ['a list', '[]'],
    ['a wrong type', '{"message_id": 7}'],
    ['lists 20,000 levels deep', deep('[', ']')],
    ['lists in a field 20,000 levels deep', `{"channels":${deep('[', ']')}}`],
  ])('refuses JSON of %s', async (_name, body) => {
    expect(await post(SEND, 'application/json', body)).toBe('invalid_argument REQUEST_MALFORMED')
  })

  it('passes over what JSON has that the message has not, and checks the rest', async () => {
    const deepObjects = `{"payload":${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}}`
    expect(await post(SEND, 'application/json', deepObjects)).toBe('invalid_argument FIELD_INVALID')
    const create = '/chat4all.v1.ConversationService/CreateConversation'
    expect(await post(create, 'application/json', '{"type": "CONVERSATION_TYPE_SECRET"}')).toBe('invalid_argument FIELD_INVALID')
  })

  it('refuses a request of more than 4 MiB with an answer', async () => {
    expect(await post(SEND, 'application/proto', new Uint8Array(5 * 1024 * 1024))).toBe('resource_exhausted REQUEST_TOO_LARGE')
    const json = JSON.stringify({ conversationId: scene.conversationId, payload: { text: 'x'.repeat(5 * 1024 * 1024) } })
    expect(await post(SEND, 'application/json', json)).toBe('resource_exhausted REQUEST_TOO_LARGE')
  })

  it('refuses a small body that unpacks to more than 4 MiB', async () => {
    const headers = { 'content-type': 'application/proto', 'content-encoding': 'gzip', authorization: `Bearer ${scene.ana.token}` }
    const answer = await fetch(url(SEND), { method: 'POST', headers, body: gzipSync(Buffer.alloc(64 * 1024 * 1024)) })
    expect(answer.status).toBe(429)
    expect(await answer.json()).toMatchObject({ code: 'resource_exhausted' })
  })

  it('takes a good request afterwards', async () => {
    const answer = await fetch(url(SEND), {
      method: 'POST',
      headers: { 'content-type': 'application/proto', authorization: `Bearer ${scene.ana.token}` },
      body: new Uint8Array(good()),
    })
    const { conversationId } = fromBinary(SendMessageResponseSchema, new Uint8Array(await answer.arrayBuffer()))
    expect(conversationId).toBe(scene.conversationId)
  })
})

function statusOf(path: string): Promise<number> {
  return new Promise((resolve) => {
    world
      .client(scene.ana.token)
      .open(path, [new Uint8Array()], { onMessage() {}, onEnd: (failure) => resolve(failure?.code ?? 0) })
      .end()
  })
}
