import type {
  ApiClientChange,
  ApiClientRow,
  ConversationChange,
  ConversationRow,
  Directory,
  MemberRow,
  OutboxEntry,
  RevokedTokenRow,
  SigningKeyRow,
  TenantRow,
  UserRow,
} from '@chat4all/ports'
import { WorkerDatabase } from './sqlite/worker-database.ts'

/** The directory in one SQLite file. Every method is one operation of `directory.worker.ts`, by its name. */
export class SqliteDirectory implements Directory {
  readonly #database: WorkerDatabase

  private constructor(database: WorkerDatabase) {
    this.#database = database
  }

  static async open(file: string): Promise<SqliteDirectory> {
    return new SqliteDirectory(await WorkerDatabase.open({ file, module: new URL('./directory.worker.ts', import.meta.url) }))
  }

  createTenant(tenant: TenantRow): Promise<void> {
    return this.#call('createTenant', tenant)
  }
  tenant(tenantId: string): Promise<TenantRow | undefined> {
    return this.#call('tenant', tenantId)
  }
  tenants(after: string, limit: number): Promise<readonly TenantRow[]> {
    return this.#call('tenants', after, limit)
  }

  createApiClient(client: ApiClientRow): Promise<void> {
    return this.#call('createApiClient', client)
  }
  createFirstApiClient(client: ApiClientRow): Promise<boolean> {
    return this.#call('createFirstApiClient', client)
  }
  updateApiClient(clientId: string, change: ApiClientChange): Promise<ApiClientRow | undefined> {
    return this.#call('updateApiClient', clientId, change)
  }
  apiClient(clientId: string): Promise<ApiClientRow | undefined> {
    return this.#call('apiClient', clientId)
  }
  apiClients(tenantId: string, after: string, limit: number): Promise<readonly ApiClientRow[]> {
    return this.#call('apiClients', tenantId, after, limit)
  }
  revokedApiClients(since: number): Promise<readonly string[]> {
    return this.#call('revokedApiClients', since)
  }

  upsertUsers(...args: Parameters<Directory['upsertUsers']>): Promise<readonly UserRow[]> {
    return this.#call('upsertUsers', ...args)
  }
  users(tenantId: string, userIds: readonly string[]): Promise<readonly UserRow[]> {
    return this.#call('users', tenantId, userIds)
  }
  listUsers(tenantId: string, after: string, limit: number): Promise<readonly UserRow[]> {
    return this.#call('listUsers', tenantId, after, limit)
  }
  updateUser(...args: Parameters<Directory['updateUser']>): Promise<UserRow | undefined> {
    return this.#call('updateUser', ...args)
  }
  deactivatedUsers(since: number): ReturnType<Directory['deactivatedUsers']> {
    return this.#call('deactivatedUsers', since)
  }

  createConversation(...args: Parameters<Directory['createConversation']>): Promise<void> {
    return this.#call('createConversation', ...args)
  }
  changeConversation(change: ConversationChange): Promise<ConversationRow> {
    return this.#call('changeConversation', change)
  }
  conversation(tenantId: string, conversationId: string): Promise<ConversationRow | undefined> {
    return this.#call('conversation', tenantId, conversationId)
  }
  conversations(tenantId: string, conversationIds: readonly string[]): Promise<readonly ConversationRow[]> {
    return this.#call('conversations', tenantId, conversationIds)
  }
  privateConversation(tenantId: string, privatePair: string): Promise<ConversationRow | undefined> {
    return this.#call('privateConversation', tenantId, privatePair)
  }
  request(tenantId: string, requestKey: string): ReturnType<Directory['request']> {
    return this.#call('request', tenantId, requestKey)
  }
  member(tenantId: string, conversationId: string, userId: string): Promise<MemberRow | undefined> {
    return this.#call('member', tenantId, conversationId, userId)
  }
  members(tenantId: string, conversationId: string, after: string, limit: number): Promise<readonly MemberRow[]> {
    return this.#call('members', tenantId, conversationId, after, limit)
  }

  outbox(conversationId: string | undefined, limit: number): Promise<readonly OutboxEntry[]> {
    return this.#call('outbox', conversationId, limit)
  }
  clearOutbox(ids: readonly bigint[]): Promise<void> {
    return this.#call('clearOutbox', ids)
  }

  signingKeys(): Promise<readonly SigningKeyRow[]> {
    return this.#call('signingKeys')
  }
  addSigningKey(key: SigningKeyRow, retireOthersUntil: number): Promise<void> {
    return this.#call('addSigningKey', key, retireOthersUntil)
  }
  revokeToken(token: RevokedTokenRow, now: number): Promise<void> {
    return this.#call('revokeToken', token, now)
  }
  revokedTokens(now: number): Promise<readonly RevokedTokenRow[]> {
    return this.#call('revokedTokens', now)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#database[Symbol.asyncDispose]()
  }

  #call<T>(operation: keyof Directory & string, ...args: readonly unknown[]): Promise<T> {
    return this.#database.call<T>(operation, args)
  }
}
