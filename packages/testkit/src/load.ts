import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '@chat4all/base'
import { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { ConversationType } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import type { RawClient } from './grpc-client.ts'
import { type Evidence, History, type Reading, type Subscription } from './history.ts'
import { Receiver } from './receiver.ts'
import { Sender } from './sender.ts'
import { readThroughApi } from './stores/api.ts'
import type { System } from './system.ts'
import { waitUntil } from './wait.ts'

export interface LoadOptions {
  /** Senders, and as many receivers. */
  readonly pairs: number
  /** Messages a sender has under way. */
  readonly window?: number
  readonly bodyBytes?: number
  /** Messages a second that all senders together aim at. Default: as many as are answered. */
  readonly perSecond?: number
  /** Pause between two rounds in which receivers mark what they got. Default: 200 ms. */
  readonly markMs?: number
  /** Whether every four pairs share a group. Default: yes. */
  readonly groups?: boolean
}

export interface Progress {
  readonly accepted: number
  readonly owed: number
  readonly arrived: number
}

/** With an API client of it. */
export interface Tenant {
  readonly tenantId: string
  readonly client: RawClient
}

interface Conversation {
  readonly tenant: Tenant
  readonly conversationId: string
  readonly senders: readonly string[]
  readonly receivers: readonly string[]
}

/** Senders and live receivers of two tenants, whose users have the same names. Each sender writes to one receiver alone and to a group that it shares with others. */
export class Load implements AsyncDisposable {
  readonly history = new History()
  readonly senders: readonly Sender[]
  readonly receivers: readonly Receiver[]
  readonly tenants: readonly Tenant[]
  readonly #system: System
  readonly #conversations: readonly Conversation[]
  readonly #clients: readonly RawClient[]
  readonly #receivers: ReadonlyMap<string, Receiver>
  readonly #markMs: number
  #marking: Promise<void> | undefined

  private constructor(
    system: System,
    tenants: readonly Tenant[],
    conversations: readonly Conversation[],
    users: readonly User[],
    options: LoadOptions,
  ) {
    const { window = 4, bodyBytes = 1024, markMs = 200 } = options
    const { history } = this
    this.#markMs = markMs
    this.tenants = tenants
    this.#system = system
    this.#conversations = conversations
    this.#clients = [...tenants.map((t) => t.client), ...users.map((u) => u.client)]
    this.senders = users
      .filter((u) => u.role === 'sender')
      .map(({ proc, tenant, user, client }) => {
        const mine = conversations.filter((c) => c.tenant === tenant && c.senders.includes(user)).map((c) => c.conversationId)
        return new Sender({ proc, tenant: tenant.tenantId, client, conversations: mine, history, window, bodyBytes })
      })
    this.receivers = users
      .filter((u) => u.role === 'receiver')
      .map(({ proc, tenant, user, client }) => new Receiver({ proc, user, tenant: tenant.tenantId, client, history }))
    this.#receivers = new Map(this.receivers.map((r) => [r.proc, r]))
    this.pace(options.perSecond)
  }

  /** Messages a second that all senders together aim at from now on. Undefined: as many as are answered. */
  pace(perSecond: number | undefined): void {
    for (const sender of this.senders) sender.intervalMs = perSecond === undefined ? undefined : (this.senders.length * 1000) / perSecond
  }

  /** Where it stands: messages acknowledged, the copies of them that receivers are owed, and those that have arrived. */
  get progress(): Progress {
    const accepted = new Map<string, number>()
    for (const sender of this.senders)
      for (const [conversation, count] of sender.accepted) accepted.set(conversation, (accepted.get(conversation) ?? 0) + count)
    const subscriptions = this.#subscriptions()
    return {
      accepted: sum([...accepted.values()]),
      owed: sum(subscriptions.map(({ conversation }) => accepted.get(conversation) ?? 0)),
      arrived: sum(subscriptions.map(({ proc, conversation }) => Number(this.#receivers.get(proc)!.seen(conversation)))),
    }
  }

  /** Creates tenants, users and conversations, and starts the receivers. */
  static async prepare(system: System, options: LoadOptions): Promise<Load> {
    const operator = await system.apiClient()
    const tenants = [await createTenant(system, operator), await createTenant(system, operator)]
    operator.close()
    const conversations = (
      await Promise.all(tenants.map((tenant, i) => createConversations(tenant, share(options.pairs, i), options.groups ?? true)))
    ).flat()
    const users = (await Promise.all(tenants.map((tenant, i) => createUsers(system, tenant, share(options.pairs, i))))).flat()
    const load = new Load(system, tenants, conversations, users, options)
    await Promise.all(load.receivers.map((r) => r.start()))
    return load
  }

  start(): void {
    for (const sender of this.senders) sender.start()
    this.#marking ??= this.#markNowAndThen()
  }

  async run(ms: number): Promise<void> {
    this.start()
    await sleep(ms)
    await this.settle()
  }

  /** Stops sending, and waits until everything sent is acknowledged and has reached every receiver. */
  async settle(timeoutMs = 60_000): Promise<void> {
    for (const sender of this.senders) sender.stop()
    await this.#marking
    const unsettled = () => [...this.senders.flatMap((s) => (s.idle ? [] : [s.state])), this.#system.state].join('\n')
    await waitUntil('every message is acknowledged', () => this.senders.every((s) => s.idle), timeoutMs, unsettled)
    const expected = this.#acknowledged()
    const arrived = () =>
      this.#subscriptions().every((s) => this.#receivers.get(s.proc)!.seen(s.conversation) >= (expected.get(s.conversation) ?? 0n))
    await waitUntil('every message has reached its receivers', arrived, timeoutMs).catch(() => {})
    await Promise.all(this.receivers.map((r) => r.mark()))
  }

  /** What senders and receivers saw, what the API says, and what the files hold of their conversations. Call it after `settle`. */
  async evidence(): Promise<Evidence> {
    const readings: Reading[] = []
    for (const { tenant, conversationId, receivers } of this.#conversations) {
      const reader = await tenant.client.asUser(receivers[0]!)
      readings.push(await readThroughApi(reader, tenant.tenantId, conversationId))
      reader.close()
    }
    const mine = new Set(this.#conversations.map((c) => c.conversationId))
    const stored = (await this.#system.readStore()).filter((r) => mine.has(r.conversation))
    return { history: this.history.records, subscriptions: this.#subscriptions(), readings: [...stored, ...readings] }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const sender of this.senders) sender.close()
    for (const receiver of this.receivers) receiver.close()
    await this.#marking
    for (const client of this.#clients) client.close()
  }

  /** Every receiver follows its conversations from their beginning. */
  #subscriptions(): Subscription[] {
    return this.#conversations.flatMap(({ tenant: { tenantId: tenant }, conversationId: conversation, receivers }) =>
      receivers.map((user) => ({ proc: procName(tenant, user), tenant, conversation, after: 0n })),
    )
  }

  #acknowledged(): Map<string, bigint> {
    const ids = new Map<string, Set<string>>()
    for (const r of this.history.records) {
      if (r.op !== 'send' || r.outcome !== 'ok') continue
      if (!ids.has(r.conversation)) ids.set(r.conversation, new Set())
      ids.get(r.conversation)!.add(r.messageId)
    }
    return new Map([...ids].map(([conversation, set]) => [conversation, BigInt(set.size)]))
  }

  async #markNowAndThen(): Promise<void> {
    while (this.senders.some((s) => s.sending)) {
      await Promise.allSettled(this.receivers.map((r) => r.mark()))
      await sleep(this.#markMs)
    }
    this.#marking = undefined
  }
}

interface User {
  readonly proc: string
  readonly role: 'sender' | 'receiver'
  readonly tenant: Tenant
  readonly user: string
  readonly client: RawClient
}

/** The pairs of each tenant: four fifths to the first, the rest to the other. */
function share(pairs: number, tenant: number): number {
  const others = Math.floor(pairs / 5)
  return tenant === 0 ? pairs - others : others
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function procName(tenant: string, user: string): string {
  return `${tenant}/${user}`
}

async function createTenant(system: System, operator: RawClient): Promise<Tenant> {
  const tenantId = `load-${newId()}`
  await operator.call(AdminService.method.createTenant, { tenantId, name: tenantId })
  const { apiClient, clientSecret } = await operator.call(AdminService.method.createApiClient, { tenantId, name: 'load' })
  return { tenantId, client: await system.apiClient({ client_id: apiClient!.clientId, client_secret: clientSecret }) }
}

/** A private conversation per pair and, if so wished, a group for every four pairs. */
async function createConversations(tenant: Tenant, pairs: number, withGroups: boolean): Promise<Conversation[]> {
  const create = async (type: ConversationType, senders: string[], receivers: string[]): Promise<Conversation> => {
    const answer = await tenant.client.call(ConversationService.method.createConversation, { type, members: [...senders, ...receivers] })
    return { tenant, conversationId: answer.conversation!.conversationId, senders, receivers }
  }
  const all = Array.from({ length: pairs }, (_, i) => i)
  const groups = Map.groupBy(withGroups ? all : [], (i) => Math.floor(i / 4))
  return await Promise.all([
    ...all.map((i) => create(ConversationType.PRIVATE, [`sender-${i}`], [`receiver-${i}`])),
    ...[...groups.values()].map((g) =>
      create(
        ConversationType.GROUP,
        g.map((i) => `sender-${i}`),
        g.map((i) => `receiver-${i}`),
      ),
    ),
  ])
}

/** Who sends and who receives are at different fronts, where there are several. */
async function createUsers(system: System, tenant: Tenant, pairs: number): Promise<User[]> {
  const names = Array.from({ length: pairs }, (_, i) => [['sender', i] as const, ['receiver', i] as const]).flat()
  return await Promise.all(
    names.map(async ([role, i]) => {
      const user = `${role}-${i}`
      const client = await tenant.client.asUser(user, system.addressFor(role === 'sender' ? i : i + 1))
      return { proc: procName(tenant.tenantId, user), role, tenant, user, client }
    }),
  )
}
