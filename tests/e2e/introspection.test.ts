import { spawnSync } from 'node:child_process'
import {
  create,
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
  type Message,
  type MessageInitShape,
  toBinary,
  toJson,
} from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import { Health, type HealthCheckResponse, HealthCheckResponse_ServingStatus as Status } from '@chat4all/gen/grpc/health/v1/health_pb.js'
import {
  ServerReflection,
  type ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from '@chat4all/gen/grpc/reflection/v1/reflection_pb.js'
import { type RawClient, waitUntil } from '@chat4all/testkit'
import { createClient } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import { decodeJwt, importJWK, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SERVICES } from './support/api.ts'
import { refused } from './support/refusal.ts'
import { type Person, type Tenant, World } from './support/world.ts'

const OPEN = ['grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection']
const PUBLIC = SERVICES.map(({ typeName }) => typeName)

let world: World
let acme: Tenant
let ana: Person
beforeAll(async () => {
  world = await World.start()
  acme = await world.tenant()
  ;[ana] = (await acme.people('ana')) as [Person]
})
afterAll(() => world[Symbol.asyncDispose]())

describe('health', () => {
  const { check, list, watch } = Health.method

  it('is checked for the whole server and for each service, without a token', async () => {
    const nobody = world.client()
    for (const service of ['', ...PUBLIC]) expect(await nobody.call(check, { service })).toMatchObject({ status: Status.SERVING })
    expect(await refused(nobody.call(check, { service: 'nothing' }))).toBe('NOT_FOUND METHOD_NOT_FOUND')
  })

  it('lists every public service', async () => {
    const { statuses } = await world.client().call(list, {})
    expect(Object.keys(statuses).sort()).toEqual(['', ...PUBLIC].sort())
    expect(Object.values(statuses).every(({ status }) => status === Status.SERVING)).toBe(true)
  })

  it('is the same over Connect', async () => {
    const baseUrl = `http://127.0.0.1:${world.server.httpPort}`
    const client = createClient(Health, createConnectTransport({ baseUrl, httpVersion: '1.1' }))
    expect(await client.check({})).toMatchObject({ status: Status.SERVING })
  })

  it('tells those who watch at once, and again when the server stops', async () => {
    await using stopping = await World.start()
    const watcher = stopping.client()
    const seen: Status[] = []
    let ended = false
    const request = toBinary(watch.input, create(watch.input, { service: 'chat4all.v1.MessageService' }))
    watcher
      .open('/grpc.health.v1.Health/Watch', [request], {
        onMessage: (bytes) => void seen.push((fromBinary(watch.output, bytes) as HealthCheckResponse).status),
        onEnd: () => {
          ended = true
        },
      })
      .end()
    await waitUntil('the first status', () => seen.length > 0)
    expect(seen).toEqual([Status.SERVING])
    expect(await stopping.server.terminate()).toBe(0)
    await waitUntil('the watch has ended', () => ended)
    expect(seen).toEqual([Status.SERVING, Status.NOT_SERVING])
  })

  it('watches a service that is not there', async () => {
    const seen: Status[] = []
    const request = toBinary(watch.input, create(watch.input, { service: 'nothing' }))
    const stream = world.client().open('/grpc.health.v1.Health/Watch', [request], {
      onMessage: (bytes) => void seen.push((fromBinary(watch.output, bytes) as HealthCheckResponse).status),
      onEnd() {},
    })
    stream.end()
    await waitUntil('the first status', () => seen.length > 0)
    stream.cancel()
    expect(seen).toEqual([Status.SERVICE_UNKNOWN])
  })
})

describe('over plain HTTP', () => {
  const get = (path: string) => fetch(`http://127.0.0.1:${world.server.httpPort}${path}`)

  it('the server says that it lives and that it is ready', async () => {
    for (const [path, says] of [
      ['/healthz', 'ok\n'],
      ['/readyz', 'ready\n'],
    ] as const) {
      const answer = await get(path)
      expect([path, answer.status, await answer.text()]).toEqual([path, 200, says])
    }
    expect((await get('/nothing')).status).toBe(404)
  })

  it('the server gives the keys that verify tokens, and nothing secret', async () => {
    const { keys } = (await (await get('/.well-known/jwks.json')).json()) as { keys: Record<string, string>[] }
    expect(Object.keys(keys[0]!).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
    const { payload } = await jwtVerify(ana.token, await importJWK(keys[0]!), { issuer: 'chat4all', audience: 'chat4all' })
    expect(payload.sub).toBe('user:ana')
  })
})

type Question = MessageInitShape<typeof ServerReflectionRequestSchema>['messageRequest']

/** Asks reflection over one stream, and gives the answers in order. */
async function ask(client: RawClient, version: string, ...questions: NonNullable<Question>[]) {
  const { input } = ServerReflection.method.serverReflectionInfo
  const requests = questions.map((messageRequest) => toBinary(input, create(input, { messageRequest })))
  const answers: Message[] = []
  await new Promise<void>((resolve, reject) => {
    client
      .open(`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`, requests, {
        onMessage: (bytes) => void answers.push(fromBinary(ServerReflectionResponseSchema, bytes)),
        onEnd: (failure) => (failure === undefined ? resolve() : reject(failure)),
      })
      .end()
  })
  return answers.map((answer) => (answer as ReturnType<typeof create<typeof ServerReflectionResponseSchema>>).messageResponse)
}

/** Everything that reflection tells, and nothing else, as descriptors. */
async function describeAll(client: RawClient, version: string): Promise<{ readonly services: string[]; readonly registry: FileRegistry }> {
  const [listed] = await ask(client, version, { case: 'listServices', value: '' })
  if (listed?.case !== 'listServicesResponse') throw new Error('no list')
  const services = listed.value.service.map(({ name }) => name)
  const answers = await ask(client, version, ...services.map((value) => ({ case: 'fileContainingSymbol' as const, value })))
  const files = new Map<string, FileDescriptorProto>()
  for (const answer of answers) {
    if (answer.case !== 'fileDescriptorResponse') throw new Error(`got ${answer.case}`)
    for (const bytes of answer.value.fileDescriptorProto) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes)
      files.set(file.name, file)
    }
  }
  return { services, registry: createFileRegistry(create(FileDescriptorSetSchema, { file: importsFirst(files) })) }
}

function importsFirst(files: ReadonlyMap<string, FileDescriptorProto>): FileDescriptorProto[] {
  const ordered = new Set<FileDescriptorProto>()
  const add = (name: string) => {
    const file = files.get(name)
    if (file === undefined) throw new Error(`${name} is imported and not described`)
    if (ordered.has(file)) return
    for (const imported of file.dependency) add(imported)
    ordered.add(file)
  }
  for (const name of files.keys()) add(name)
  return [...ordered]
}

function reachable(message: DescMessage, seen = new Set<DescMessage>()): ReadonlySet<DescMessage> {
  if (seen.has(message)) return seen
  seen.add(message)
  for (const field of message.fields) if (field.message !== undefined) reachable(field.message, seen)
  return seen
}

const grpcurl = spawnSync('grpcurl', ['-version']).status === 0

describe.each(['v1', 'v1alpha'])('reflection %s', (version) => {
  it('lists every public service, health and itself, and no service between services', async () => {
    const { services } = await describeAll(world.client(), version)
    expect(services.sort()).toEqual([...PUBLIC, ...OPEN].sort())
  })

  it('describes every service and every message that can be reached from one as the contracts do', async () => {
    const { registry } = await describeAll(world.client(), version)
    let messages = 0
    for (const service of SERVICES) {
      const described = registry.getService(service.typeName)!
      expect(described.methods.map(({ name, methodKind }) => [name, methodKind])).toEqual(
        service.methods.map(({ name, methodKind }) => [name, methodKind]),
      )
      for (const method of service.methods)
        for (const message of [...reachable(method.input), ...reachable(method.output)]) {
          messages++
          const fields = registry.getMessage(message.typeName)?.fields.map((field) => `${field.number} ${field.name} ${field.toString()}`)
          expect([message.typeName, fields]).toEqual([
            message.typeName,
            message.fields.map((field) => `${field.number} ${field.name} ${field.toString()}`),
          ])
        }
    }
    expect(messages).toBeGreaterThan(200)
  })

  it('is enough to call RPCs of both kinds without any generated code', async () => {
    const { registry } = await describeAll(world.client(), version)
    const [create, list] = ['CreateConversation', 'ListConversations'].map(
      (name) => registry.getService('chat4all.v1.ConversationService')!.methods.find((method) => method.name === name)!,
    )
    const call = (client: RawClient, method: typeof create, json: object) =>
      new Promise<Record<string, unknown>>((resolve, reject) => {
        const request = toBinary(method!.input, fromJson(method!.input, json as never))
        let answer: Record<string, unknown>
        client
          .open(`/${method!.parent.typeName}/${method!.name}`, [request], {
            onMessage: (bytes) => {
              answer = toJson(method!.output, fromBinary(method!.output, bytes)) as Record<string, unknown>
            },
            onEnd: (failure) => (failure === undefined ? resolve(answer) : reject(failure)),
          })
          .end()
      })
    const title = `by reflection ${version}`
    const created = await call(ana.client, create, { type: 'CONVERSATION_TYPE_GROUP', title })
    expect(created).toMatchObject({ created: true, conversation: { title, memberCount: 1 } })
    expect(JSON.stringify(await call(ana.client, list, {}))).toContain(title)
  })

  it('answers what it does not know with NOT_FOUND, and goes on', async () => {
    const answers = await ask(
      world.client(),
      version,
      { case: 'fileContainingSymbol', value: 'chat4all.internal.v1.DirectoryService' },
      { case: 'fileByFilename', value: '../../etc/passwd' },
      { case: 'fileByFilename', value: 'chat4all/v1/message.proto' },
    )
    expect(answers.map((answer) => (answer.case === 'errorResponse' ? answer.value.errorCode : answer.case))).toEqual([
      5,
      5,
      'fileDescriptorResponse',
    ])
  })
})

it(`grpcurl lists, describes and calls every service without proto files ${grpcurl ? '' : '(optional: no grpcurl on the PATH, so only its steps are played)'}`, async () => {
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('grpcurl', ['-plaintext', ...args], { encoding: 'utf8' })
    expect([args, status, stderr]).toEqual([args, 0, ''])
    return stdout
  }
  if (grpcurl) {
    expect(run(`127.0.0.1:${world.server.grpcPort}`, 'list').trim().split('\n').sort()).toEqual([...PUBLIC, ...OPEN].sort())
    for (const service of PUBLIC)
      expect(run(`127.0.0.1:${world.server.grpcPort}`, 'describe', service)).toContain(`${service} is a service`)
    const authorization = `authorization: Bearer ${ana.token}`
    const answer = run(
      '-H',
      authorization,
      '-d',
      '{"user_id":"ana"}',
      `127.0.0.1:${world.server.grpcPort}`,
      'chat4all.v1.UserService/GetUser',
    )
    expect(JSON.parse(answer)).toMatchObject({ user: { userId: 'ana' } })
  }
  // What grpcurl does first, whatever the command: reflection v1, then v1alpha.
  for (const version of ['v1', 'v1alpha'])
    expect((await describeAll(world.client(), version)).services).toContain('chat4all.v1.UserService')
})

describe('signing keys', () => {
  const kids = async () => {
    const answer = await fetch(`http://127.0.0.1:${world.server.httpPort}/.well-known/jwks.json`)
    return ((await answer.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)
  }

  it('rotate without anybody noticing: old tokens go on working, new ones work at once, and both keys are published', async () => {
    const before = await kids()
    const { keyId } = await world.operator.call(AdminService.method.rotateSigningKey, {})
    expect(before).not.toContain(keyId)
    const fresh = await acme.person('ana')
    for (const person of [ana, fresh]) expect(await refused(person.call(UserService.method.getUser, { userId: 'ana' }))).toBe('OK')
    await expect.poll(kids, { timeout: 5_000 }).toEqual(expect.arrayContaining([...before, keyId]))
    expect(decodeJwt(fresh.token).sub).toBe('user:ana')
    await world.server.kill()
    await world.server.restart()
    expect(await kids()).toEqual(expect.arrayContaining([...before, keyId]))
    await expect.poll(() => refused(world.client(ana.token).call(UserService.method.getUser, { userId: 'ana' }))).toBe('OK')
  })
})
