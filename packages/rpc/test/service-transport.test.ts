import { setTimeout as sleep } from 'node:timers/promises'
import { create } from '@bufbuild/protobuf'
import { systemClock } from '@chat4all/base'
import { DirectoryService } from '@chat4all/gen/chat4all/internal/v1/directory_service_pb.js'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { createClient } from '@connectrpc/connect'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  asChatError,
  authenticateByHeader,
  type CallContext,
  encodePrincipal,
  Health,
  inMemoryTransport,
  PRINCIPAL_HEADER,
  type Principal,
  type RpcService,
  rpcService,
  ServiceTokens,
  type ServiceTransport,
  serviceTransport,
  startGrpcServer,
} from '../src/index.ts'
import { MESSAGE, Seen, services, textTo } from './fixture.ts'

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const tokens = (secret = 's'.repeat(32)) => new ServiceTokens({ service: 'test', secrets: [secret], clock: systemClock })
const ada: Principal = { kind: 'user', tenantId: 't', userId: 'ada', clientId: 'c', operator: false, tokenId: 'j', expiresAt: 2e15 }
const headers = { [PRINCIPAL_HEADER]: encodePrincipal(ada), 'x-request-id': 'r1' }

let running: AsyncDisposableStack
afterEach(() => running?.disposeAsync())

/** A server of internal and public RPCs that remembers what reached it. */
class Server {
  readonly seen = new Seen()
  readonly calls: { readonly method: string; readonly context: CallContext }[] = []
  /** Holds all look-ups until it resolves. */
  hold: Promise<void> | undefined
  readonly services: readonly RpcService[] = [...services(this.seen), this.#directory()]
  readonly health = new Health(this.services)
  port = 0

  async start(port = 0): Promise<this> {
    this.health.set(true)
    const server = await startGrpcServer({
      host: '127.0.0.1',
      port,
      services: [...this.services, this.health.service],
      authenticate: authenticateByHeader,
      authenticateInternal: tokens().authenticate,
      servicesOnly: true,
    })
    running.defer(() => server.stop(100))
    this.port = server.port
    this.stop = () => server.stop(0)
    return this
  }

  stop: () => Promise<void> = async () => {}

  #directory(): RpcService {
    const answer =
      <T>(method: string, value: T) =>
      async (_: unknown, context: CallContext): Promise<T> => {
        this.calls.push({ method, context })
        await this.hold
        return value
      }
    return rpcService(DirectoryService, {
      resolveConversation: answer('resolveConversation', { found: true, partition: 7 }),
      resolvePrivateConversation: answer('resolvePrivateConversation', { conversationId: 'c' }),
      batchGetConversations: answer('batchGetConversations', {}),
      resolveUser: answer('resolveUser', newer(create(DirectoryService.method.resolveUser.output, { found: true }))),
      listSigningKeys: answer('listSigningKeys', { jwks: '{}' }),
      listRevocations: answer('listRevocations', {}),
    })
  }
}

async function start(count: number) {
  running = new AsyncDisposableStack()
  const servers = await Promise.all(Array.from({ length: count }, () => new Server().start()))
  return { servers, transport: connect(servers.map(({ port }) => port)) }
}

function connect(ports: readonly number[], by = tokens()): ServiceTransport {
  const addresses = ports.map((port, index) => `${index === 0 ? 'localhost' : '127.0.0.1'}:${port}`)
  return running.use(serviceTransport({ addresses, services: [DirectoryService, MessageService, AuthService], tokens: by }))
}

async function failureOf(call: Promise<unknown>) {
  const error = asChatError(
    await call.then(
      () => expect.fail('the call succeeded'),
      (thrown: unknown) => thrown,
    ),
  )
  const { reason, message, metadata, fields, retryAfterMs } = error
  return { reason, message, metadata, fields, retryAfterMs }
}

/** A field that only a newer version has. */
const newer = <M extends object>(message: M): M =>
  Object.assign(message, { $unknown: [{ no: 1_000, wireType: 2, data: Buffer.from('\x05newer', 'latin1') }] })

test('versions that stand side by side pass over the fields of each other', async () => {
  const { servers, transport } = await start(1)
  const { directory } = clients(transport)
  const request = create(DirectoryService.method.resolveUser.input, { tenantId: 't', userId: 'ada' })
  const answer = await directory.resolveUser(newer(request), { headers })
  expect(answer).toMatchObject({ found: true, $unknown: [{ no: 1_000 }] })
  expect(servers[0]!.calls).toHaveLength(1)
})

describe('errors', () => {
  test('are the same as from a service in the same process', async () => {
    const { servers, transport } = await start(1)
    const memory = inMemoryTransport(servers[0]!.services)
    const failing = [
      (messages: ReturnType<typeof clients>['messages']) => messages.sendMessage(textTo('limited'), { headers }),
      (messages: ReturnType<typeof clients>['messages']) => messages.sendMessage(textTo('bug'), { headers }),
      (messages: ReturnType<typeof clients>['messages']) => messages.sendMessage({ messageId: 'x', to: 'bob' }, { headers }),
      (messages: ReturnType<typeof clients>['messages']) => messages.sendMessage(textTo('bob')),
      (messages: ReturnType<typeof clients>['messages']) => messages.editMessage({}, { headers }),
      (messages: ReturnType<typeof clients>['messages']) => messages.sendMessage(textTo('hang'), { headers, timeoutMs: 50 }),
      (messages: ReturnType<typeof clients>['messages']) => {
        const signal = AbortSignal.timeout(50)
        return messages.sendMessage(textTo('hang'), { headers, signal })
      },
    ]
    const reasons: string[] = []
    for (const call of failing) {
      const far = await failureOf(call(clients(transport).messages))
      expect(far).toEqual(await failureOf(call(clients(memory).messages)))
      reasons.push(far.reason)
    }
    expect(reasons).toEqual([
      'RATE_LIMITED',
      'INTERNAL',
      'FIELD_INVALID',
      'TOKEN_INVALID',
      'FIELD_INVALID',
      'DEADLINE_EXCEEDED',
      'CANCELLED',
    ])
  })

  test('tell nothing about the network', async () => {
    const { servers, transport } = await start(1)
    await servers[0]!.stop()
    expect(await failureOf(clients(transport).directory.resolveUser({}))).toEqual({
      reason: 'ENGINE_UNAVAILABLE',
      message: 'The service is not available right now. Repeat the call after a pause.',
      metadata: {},
      fields: [],
      retryAfterMs: 1_000,
    })
  })

  test('about the service token do not look like those about the user', async () => {
    const { servers } = await start(1)
    const stranger = connect([servers[0]!.port], tokens('x'.repeat(32)))
    expect(await failureOf(clients(stranger).messages.sendMessage(textTo('bob'), { headers }))).toMatchObject({ reason: 'INTERNAL' })
  })
})

describe('a call', () => {
  test('carries the principal, the request id, the deadline and the trace', async () => {
    const { servers, transport } = await start(1)
    const { messages } = clients(transport)
    const trace = { traceparent: TRACEPARENT }
    expect(await messages.sendMessage(textTo('bob'), { headers: { ...headers, ...trace }, timeoutMs: 5_000 })).toMatchObject({
      messageId: MESSAGE,
      conversationId: 'ada',
    })
    const context = servers[0]!.seen.contexts[0]!
    expect(context).toMatchObject({ principal: ada, requestId: 'r1', traceparent: TRACEPARENT })
    expect(context.deadlineAt! - performance.now()).toBeGreaterThan(3_000)
    expect(context.deadlineAt! - performance.now()).toBeLessThanOrEqual(5_000)
  })

  test('belongs to the trace of the call it is made for', async () => {
    const { servers, transport } = await start(1)
    const { directory } = clients(transport)
    const front = inMemoryTransport([
      {
        service: AuthService,
        handlers: {
          createToken: () => directory.resolveUser({}).then(() => ({})),
          createUserToken: () => ({}),
          revokeToken: () => ({}),
        },
      },
    ])
    const auth = createClient(AuthService, front)
    await auth.createToken({ clientId: 'c', clientSecret: 's' }, { headers: { traceparent: TRACEPARENT } })
    await auth.createToken({ clientId: 'c', clientSecret: 's' }, { headers: { traceparent: 'nonsense' } })
    expect(servers[0]!.calls.map(({ context }) => context.traceparent)).toEqual([TRACEPARENT, undefined])
  })

  test('has a deadline even when nobody gave it one', async () => {
    const { servers, transport } = await start(1)
    await clients(transport).directory.resolveUser({})
    expect(servers[0]!.calls[0]!.context.deadlineAt! - performance.now()).toBeLessThanOrEqual(10_000)
  })

  test('tells the server when the caller goes away', async () => {
    const { servers, transport } = await start(1)
    const leave = new AbortController()
    const call = clients(transport).messages.sendMessage(textTo('hang'), { headers, signal: leave.signal })
    await vi.waitFor(() => expect(servers[0]!.seen.contexts).toHaveLength(1))
    leave.abort()
    expect(await failureOf(call)).toMatchObject({ reason: 'CANCELLED' })
    await vi.waitFor(() => expect(servers[0]!.seen.contexts[0]!.signal.aborted).toBe(true))
  })
})

describe('nobody but services', () => {
  test.each([
    ['no token', {}],
    ['a forged principal', { [PRINCIPAL_HEADER]: encodePrincipal({ ...ada, kind: 'client', operator: true }) }],
    ['the token of a user', { authorization: 'Bearer eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c2VyOmFkYSJ9.c2lnbmF0dXJl' }],
  ])('gets anywhere: %s', async (_, given) => {
    const { servers } = await start(1)
    const { Client, credentials, Metadata } = await import('@grpc/grpc-js')
    const client = new Client(`127.0.0.1:${servers[0]!.port}`, credentials.createInsecure())
    running.defer(() => client.close())
    const metadata = Metadata.fromHttp2Headers(given)
    const code = (path: string) =>
      new Promise((resolve) => {
        const bytes = (value: Buffer) => value
        client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), metadata, (error) => resolve(error?.code))
      })
    const unauthenticated = 16
    for (const service of servers[0]!.services)
      for (const method of service.service.methods)
        expect(await code(`/${service.service.typeName}/${method.name}`), method.toString()).toBe(unauthenticated)
    expect(await code('/grpc.health.v1.Health/Check')).toBeUndefined()
    expect(servers[0]!.calls).toEqual([])
    expect(servers[0]!.seen.contexts).toEqual([])
  })
})

describe('addresses', () => {
  const to = (address: string) => serviceTransport({ addresses: [address], services: [DirectoryService], tokens: tokens() })

  test('are told apart from nonsense at the start', () => {
    expect(() => to('directory')).toThrow('"directory" is not host:port')
    expect(() => to(':9090')).toThrow('is not host:port')
  })

  test('that no name server knows fail calls, and the wait for them', async () => {
    using nowhere = to('nowhere.invalid:9090')
    await expect(nowhere.ready(200)).rejects.toThrow('nobody answers at nowhere.invalid:9090')
    expect(await failureOf(clients(nowhere).directory.resolveUser({}, { timeoutMs: 2_000 }))).toMatchObject({
      reason: 'ENGINE_UNAVAILABLE',
    })
  })
})

describe('several servers', () => {
  const asked = (servers: readonly Server[]) => servers.map(({ calls }) => calls.length)

  test('share the calls', async () => {
    const { servers, transport } = await start(2)
    const { directory } = clients(transport)
    await vi.waitFor(async () => {
      await directory.resolveUser({})
      expect(Math.min(...asked(servers))).toBeGreaterThan(0)
    })
    const before = asked(servers)
    for (let i = 0; i < 10; i++) await directory.resolveUser({})
    expect(asked(servers)).toEqual(before.map((calls) => calls + 5))
  })

  test('are left alone while they say that they are not serving', async () => {
    const { servers, transport } = await start(2)
    const { directory } = clients(transport)
    servers[0]!.health.set(false)
    await vi.waitFor(async () => {
      const before = asked(servers)
      for (let i = 0; i < 4; i++) await directory.resolveUser({})
      expect(asked(servers)).toEqual([before[0], before[1]! + 4])
    })
    servers[0]!.health.set(true)
    const before = asked(servers)
    await vi.waitFor(async () => {
      await directory.resolveUser({})
      expect(asked(servers)[0]).toBeGreaterThan(before[0]!)
    })
  })

  test('stand in for one that is gone, and share again when it is back', async () => {
    const { servers, transport } = await start(2)
    const { directory } = clients(transport)
    await directory.resolveUser({})
    await servers[0]!.stop()
    for (let i = 0; i < 10; i++) expect(await directory.resolveUser({})).toMatchObject({ found: true })
    const back = await new Server().start(servers[0]!.port)
    await vi.waitFor(
      async () => {
        await directory.resolveUser({})
        expect(back.calls.length).toBeGreaterThan(0)
      },
      { timeout: 10_000 },
    )
  })

  test('are asked beside a silent one when repeating is safe, and only then', async () => {
    const { servers, transport } = await start(2)
    const { directory, messages } = clients(transport)
    await vi.waitFor(async () => {
      await directory.resolveUser({})
      expect(Math.min(...asked(servers))).toBeGreaterThan(0)
    })
    const release = Promise.withResolvers<void>()
    servers[0]!.hold = servers[0]!.seen.hold = servers[1]!.seen.hold = release.promise
    for (let i = 0; i < 2; i++) expect(await directory.resolveConversation({})).toMatchObject({ partition: 7 })
    const send = messages.sendMessage(textTo('bob'), { headers })
    await sleep(800)
    expect(servers.flatMap(({ seen }) => seen.contexts)).toHaveLength(1)
    release.resolve()
    await send
  })
})

function clients(transport: ServiceTransport | ReturnType<typeof inMemoryTransport>) {
  return { directory: createClient(DirectoryService, transport), messages: createClient(MessageService, transport) }
}
