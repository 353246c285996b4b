import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { newId, readEnv } from '@chat4all/base'
import { directoryConfig, directoryEnv, startDirectoryServer } from '@chat4all/directory'
import { openEmbeddedEngines } from '@chat4all/engine-embedded'
import { gatewayConfig, gatewayEnv, startGatewayServer } from '@chat4all/gateway'
import { DirectoryService } from '@chat4all/gen/chat4all/internal/v1/directory_service_pb.js'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { SubscribeResponseSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionResponseSchema,
} from '@chat4all/gen/grpc/reflection/v1/reflection_pb.js'
import { sequencerConfig, sequencerEnv, startSequencerServer } from '@chat4all/sequencer'
import { RawClient, type RpcFailure, waitUntil } from '@chat4all/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'

const common = {
  host: '127.0.0.1',
  grpcPort: 0,
  httpPort: 0,
  corsOrigins: [],
  maxConnectionsPerAddress: 1_000,
  maxConnectionAgeMinutes: 60,
  logLevel: 'warn',
  secrets: ['secret of this test, long enough'],
}
const stack = new AsyncDisposableStack()
let directories: Awaited<ReturnType<typeof startDirectoryServer>>[]
let gateways: Awaited<ReturnType<typeof startGatewayServer>>[]
let sequencerPort: number
let credentials: { readonly client_id: string; readonly client_secret: string }

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'apart-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const engines = stack.use(await openEmbeddedEngines({ directory: folder, partitions: 2 }))
  const { conversationLog: log, messageStore: store, eventLog: events, liveBus: bus } = engines
  const file = join(folder, 'credentials.json')
  const start = async (bootstrapCredentials: string | undefined) => {
    const config = { ...common, bootstrapCredentials, directory: directoryConfig(readEnv(directoryEnv, {})) }
    return startDirectoryServer(config, { directory: engines.directory, log, bus })
  }
  directories = [await start(file), await start(undefined)]
  const sequencer = { ...common, sequencer: sequencerConfig(readEnv(sequencerEnv, {})) }
  sequencerPort = stack.use(await startSequencerServer(sequencer, { log, store, events, bus })).httpPort
  const addresses = directories.map(({ grpcPort }) => `127.0.0.1:${grpcPort}`)
  const gateway = { ...common, directories: addresses, gateway: gatewayConfig(readEnv(gatewayEnv, {})) }
  gateways = await Promise.all([1, 2].map(async () => stack.use(await startGatewayServer(gateway, { log, store, bus }))))
  for (const directory of directories) stack.use(directory)
  credentials = JSON.parse(await readFile(file, 'utf8'))
})
afterAll(() => stack.disposeAsync())

const gateway = (index: number) => `127.0.0.1:${gateways[index]!.grpcPort}`

async function signIn(index: number): Promise<RawClient> {
  const client = await RawClient.signIn(gateway(index), credentials)
  stack.defer(() => client.close())
  return client
}

const failureOf = (call: Promise<unknown>): Promise<RpcFailure> =>
  call.then(
    () => expect.fail('the call succeeded'),
    (error) => error,
  )

test('a message goes in at one gateway and comes out at the other', async () => {
  const client = await signIn(0)
  await client.call(UserService.method.batchUpsertUsers, { users: [{ userId: 'ana' }, { userId: 'bob' }] })
  const bob = await client.asUser('bob', gateway(1))
  stack.defer(() => bob.close())
  const texts: (string | undefined)[] = []
  let ready = false
  const live = bob.subscribe('', {
    onMessage(bytes) {
      const { caughtUp, events } = fromBinary(SubscribeResponseSchema, bytes)
      ready ||= caughtUp
      for (const { kind } of events) if (kind.case === 'messageCreated') texts.push(kind.value.payload?.content.value as string)
    },
    onEnd() {},
  })
  await waitUntil('the stream is live', () => ready)
  const message = { from: 'ana', to: 'bob', messageId: newId(), payload: { content: { case: 'text' as const, value: 'across' } } }
  await client.call(MessageService.method.sendMessage, message)
  await waitUntil('the message arrives', () => texts.length > 0)
  live.cancel()
  expect(texts).toEqual(['across'])
})

test('refusals of the directory reach callers with their reasons and fields', async () => {
  const client = await signIn(0)
  const { createConversation, getConversation } = ConversationService.method
  expect(await failureOf(client.call(getConversation, { conversationId: newId() }))).toMatchObject({ reason: 'CONVERSATION_NOT_FOUND' })
  expect(await failureOf(client.call(createConversation, { from: 'nobody here' }))).toMatchObject({ reason: 'FIELD_INVALID' })
  const wrong = { clientId: credentials.client_id, clientSecret: 'wrong' }
  expect(await failureOf(client.call(AuthService.method.createToken, wrong))).toMatchObject({ reason: 'CREDENTIALS_INVALID' })
})

test('every gateway serves REST, and no other process does', async () => {
  const call = (port: number, path: string, token?: string, body?: object) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
  const { client_id, client_secret } = credentials
  const statuses = []
  for (const { httpPort } of gateways) {
    const { access_token } = (await (await call(httpPort, '/auth/token', undefined, { client_id, client_secret })).json()) as Record<
      string,
      string
    >
    const message = { from: 'cy', to: 'dee', payload: { type: 'text', text: 'by REST' } }
    const sent = (await (await call(httpPort, '/v1/messages', access_token, message)).json()) as Record<string, string>
    const read = async () => (await call(httpPort, `/v1/messages/${sent.message_id}`, access_token)).json()
    await expect.poll(read).toMatchObject({ message: { payload: message.payload } })
    statuses.push(sent.status)
  }
  expect(statuses).toEqual(['accepted', 'accepted'])
  for (const port of [...directories.map(({ httpPort }) => httpPort), sequencerPort])
    expect((await call(port, '/auth/token', undefined, { client_id, client_secret })).status).toBe(404)
})

test('every gateway describes what it serves, and no other process does', async () => {
  const statusesAt = (port: number) =>
    Promise.all(['/openapi.json', '/docs'].map(async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).status))
  for (const { httpPort } of gateways) expect(await statusesAt(httpPort)).toEqual([200, 200])
  for (const port of [...directories.map(({ httpPort }) => httpPort), sequencerPort]) expect(await statusesAt(port)).toEqual([404, 404])
})

test('no token of a user or an API client opens anything internal', async () => {
  const client = await signIn(0)
  const { accessToken } = await client.call(AuthService.method.createToken, {
    clientId: credentials.client_id,
    clientSecret: credentials.client_secret,
  })
  for (const token of [accessToken, (await client.call(AuthService.method.createUserToken, { userId: 'ana' })).accessToken]) {
    const inside = new RawClient(`127.0.0.1:${directories[0]!.grpcPort}`, token)
    for (const method of [DirectoryService.method.listSigningKeys, UserService.method.listUsers, AuthService.method.createToken])
      expect(await failureOf(inside.call(method, {})), method.name).toMatchObject({ reason: 'TOKEN_INVALID' })
    inside.close()
    const outside = new RawClient(gateway(0), token)
    for (const method of DirectoryService.methods)
      expect(await failureOf(outside.call(method as typeof DirectoryService.method.resolveUser, {})), method.name).toMatchObject({
        reason: 'METHOD_NOT_FOUND',
      })
    outside.close()
  }
})

test('reflection tells about nothing internal', async () => {
  const ask = (messageRequest: ServerReflectionRequest['messageRequest']) =>
    new Promise<ReturnType<typeof fromBinary<typeof ServerReflectionResponseSchema>>>((resolve, reject) => {
      const client = new RawClient(gateway(0))
      const { input, parent } = ServerReflection.method.serverReflectionInfo
      const stream = client.open(
        `/${parent.typeName}/ServerReflectionInfo`,
        [toBinary(input, create(input, { messageRequest } as never))],
        {
          onMessage(bytes) {
            resolve(fromBinary(ServerReflectionResponseSchema, bytes))
            client.close()
          },
          onEnd: reject,
        },
      )
      stream.end()
    })
  const { messageResponse } = await ask({ case: 'listServices', value: '' })
  const names = messageResponse.case === 'listServicesResponse' ? messageResponse.value.service.map(({ name }) => name) : []
  expect(names).toContain('chat4all.v1.MessageService')
  expect(names.filter((name) => name.includes('internal'))).toEqual([])
  for (const symbol of [DirectoryService.typeName, 'chat4all.internal.v1.LogRecord'])
    expect((await ask({ case: 'fileContainingSymbol', value: symbol })).messageResponse.case).toBe('errorResponse')
})

test('every process tells its health', async () => {
  for (const port of [...directories, ...gateways].map(({ httpPort }) => httpPort).concat(sequencerPort))
    for (const path of ['healthz', 'readyz']) expect((await fetch(`http://127.0.0.1:${port}/${path}`)).status).toBe(200)
})

test('the gateways go on with the directory that is left', async () => {
  const client = await signIn(0)
  await directories[0]![Symbol.asyncDispose]()
  for (let i = 0; i < 6; i++) await client.call(UserService.method.upsertUser, { user: { userId: `late-${i}` } })
})
