import type { DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf'
import { newId } from '@chat4all/base'
import { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { ConversationType } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import type { Message } from '@chat4all/gen/chat4all/v1/message_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import { RawClient, type ServerOptions, type System, TestServer } from '@chat4all/testkit'
import { expect } from 'vitest'
import { onMesh, PATIENT, sharedMesh } from './shared-mesh.ts'

/** The real system and everybody who calls it. Tests keep apart by having tenants of their own. */
export class World implements AsyncDisposable {
  readonly server: System
  /** The API client of the first start: an operator, of the tenant `default`. */
  readonly operator: RawClient
  readonly #clients: RawClient[] = []
  /** Of those who used the server before. */
  readonly #knownDefects: ReadonlySet<string>

  private constructor(server: System, operator: RawClient) {
    this.server = server
    this.operator = this.track(operator)
    this.#knownDefects = new Set(defectsIn(server.log))
  }

  /** A server of its own; on the mesh the one that all share, whose settings suit every test. */
  static async start({ env = {}, ...options }: ServerOptions = {}): Promise<World> {
    const server = onMesh ? await sharedMesh() : await TestServer.start({ ...options, env: { ...PATIENT, ...env } })
    return new World(server, await server.apiClient())
  }

  /** A new tenant with an API client, which is no operator. */
  async tenant(): Promise<Tenant> {
    const tenantId = `tenant-${newId()}`
    await this.operator.call(AdminService.method.createTenant, { tenantId, name: tenantId })
    const { apiClient, clientSecret } = await this.operator.call(AdminService.method.createApiClient, { tenantId, name: 'tests' })
    const credentials = { client_id: apiClient!.clientId, client_secret: clientSecret }
    return new Tenant(this, tenantId, credentials, this.track(await this.server.apiClient(credentials)))
  }

  /** A client with any token, or none; each at the next front, where there are several. */
  client(token?: string): RawClient {
    return this.track(new RawClient(this.server.addressFor(this.#clients.length), token))
  }

  track(client: RawClient): RawClient {
    this.#clients.push(client)
    return client
  }

  /** Also fails when the server met a defect of its own: whatever callers do, it must foresee. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close()
    const defects = defectsIn(this.server.log).filter((line) => !this.#knownDefects.has(line))
    if (!onMesh) await this.server[Symbol.asyncDispose]()
    else if (!this.server.running) await this.server.restart()
    expect(defects, 'errors in the log of the server').toEqual([])
  }
}

function defectsIn(log: string): string[] {
  return log.split('\n').filter((line) => line.includes('"level":50') || line.includes('"level":60'))
}

/** A tenant, through its API client. */
export class Tenant {
  readonly world: World
  readonly tenantId: string
  readonly credentials: { readonly client_id: string; readonly client_secret: string }
  readonly client: RawClient

  constructor(world: World, tenantId: string, credentials: Tenant['credentials'], client: RawClient) {
    this.world = world
    this.tenantId = tenantId
    this.credentials = credentials
    this.client = client
  }

  call<M extends DescMethodUnary>(method: M, request: MessageInitShape<M['input']>): Promise<MessageShape<M['output']>> {
    return this.client.call(method, request)
  }

  /** New users with a token each. */
  async people(...names: readonly string[]): Promise<Person[]> {
    await this.call(UserService.method.batchUpsertUsers, { users: names.map((userId) => ({ userId, displayName: userId })) })
    return await Promise.all(names.map((userId) => this.person(userId)))
  }

  /** A user that exists, on a new device. */
  async person(userId: string, ttlSeconds?: number): Promise<Person> {
    const ttl = ttlSeconds === undefined ? {} : { ttl: { seconds: BigInt(ttlSeconds) } }
    const { accessToken } = await this.call(AuthService.method.createUserToken, { userId, ...ttl })
    return new Person(userId, accessToken, this.world.client(accessToken))
  }

  /** A new group, owned by the first. */
  async group(owner: Person, ...others: readonly Person[]): Promise<string> {
    return await this.create(ConversationType.GROUP, [owner, ...others])
  }

  async pair(one: Person, other: Person): Promise<string> {
    return await this.create(ConversationType.PRIVATE, [one, other])
  }

  private async create(type: ConversationType, people: readonly Person[]): Promise<string> {
    const { conversation } = await this.call(ConversationService.method.createConversation, { type, members: people.map((p) => p.id) })
    return conversation!.conversationId
  }
}

/** A user with a token and a connection: one device. */
export class Person {
  readonly id: string
  readonly token: string
  readonly client: RawClient

  constructor(id: string, token: string, client: RawClient) {
    this.id = id
    this.token = token
    this.client = client
  }

  call<M extends DescMethodUnary>(method: M, request: MessageInitShape<M['input']>): Promise<MessageShape<M['output']>> {
    return this.client.call(method, request)
  }

  /** Sends a text, and resolves to the message as it is stored. */
  async say(conversationId: string, said: string, more: { readonly messageId?: string; readonly replyTo?: string } = {}): Promise<Message> {
    const { messageId } = await this.call(MessageService.method.sendMessage, { conversationId, payload: text(said), ...more })
    const { message } = await this.call(MessageService.method.getMessage, { messageId })
    return message!
  }
}

/** A payload. */
export function text(value: string) {
  return { content: { case: 'text' as const, value } }
}

/** What a message says. */
export function textOf({ payload }: Message): string {
  return payload?.content.case === 'text' ? payload.content.value : ''
}

/** Runs something that must leave no trace in a conversation: the next message takes the next sequence and the next revision. */
export async function leavesNoTrace<T>(member: Person, conversationId: string, run: () => Promise<T>): Promise<T> {
  const before = await member.say(conversationId, 'before')
  const result = await run()
  const after = await member.say(conversationId, 'after')
  expect([after.sequence - before.sequence, after.revision - before.revision], 'traces in the conversation').toEqual([1n, 1n])
  return result
}
