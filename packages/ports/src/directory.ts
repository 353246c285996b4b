/** One decision of the directory that must reach the conversation log, in order, exactly once in effect. */
export interface OutboxEntry {
  /** Rises with every entry. */
  readonly id: bigint
  readonly tenantId: string
  readonly conversationId: string
  readonly partition: number
  /** Unique; the log's dedupe key. */
  readonly key: string
  /** An encoded LogRecord. */
  readonly record: Uint8Array
}
export type NewOutboxEntry = Omit<OutboxEntry, 'id'>

export interface TenantRow {
  readonly tenantId: string
  readonly name: string
  /** Milliseconds since 1970, here and below. */
  readonly createdAt: number
}

export interface ApiClientRow {
  readonly clientId: string
  readonly tenantId: string
  readonly name: string
  /** Numeric value of chat4all.v1.ApiClientRole. */
  readonly role: number
  /** SHA-256 of the secret. */
  readonly secretHash: Uint8Array
  /** SHA-256 of the secret before, while it still works. */
  readonly previousSecretHash?: Uint8Array
  readonly previousSecretExpiresAt?: number
  readonly createdAt: number
  readonly revokedAt?: number
}

export type ApiClientChange =
  | {
      readonly kind: 'secret'
      readonly secretHash: Uint8Array
      /** Until when the former secret works. Absent: it stops at once. */
      readonly previousSecretExpiresAt?: number
    }
  | { readonly kind: 'revoke'; readonly revokedAt: number }

export interface UserRow {
  readonly tenantId: string
  readonly userId: string
  readonly displayName: string
  readonly metadata: Readonly<Record<string, string>>
  readonly createdAt: number
  readonly updatedAt: number
  readonly deactivatedAt?: number
}

export interface ConversationRow {
  readonly tenantId: string
  readonly conversationId: string
  /** Numeric value of chat4all.v1.ConversationType. */
  readonly type: number
  readonly title: string
  readonly metadata: Readonly<Record<string, string>>
  readonly partition: number
  /** Unique in the tenant: the two users of a private conversation. */
  readonly privatePair?: string
  readonly memberCount: number
  /** Rises with every change of the members. */
  readonly memberVersion: bigint
  /** Rises with every change of the row or its members. */
  readonly version: bigint
  readonly createdAt: number
  readonly updatedAt: number
}

export interface MemberRow {
  readonly userId: string
  /** Numeric value of chat4all.v1.MemberRole. */
  readonly role: number
  readonly joinedAt: number
}

/** The first answer to a request id, and what it asked for. */
export interface RequestRow {
  readonly tenantId: string
  /** Who asked, with their request id. */
  readonly requestKey: string
  readonly conversationId: string
  /** SHA-256 of the request without its request id, in hexadecimal. */
  readonly fingerprint: string
}

export interface SigningKeyRow {
  readonly keyId: string
  /** The private key as a JWK, JSON. */
  readonly privateJwk: string
  readonly createdAt: number
  /** Signs nothing any more; verifies until `expiresAt`. */
  readonly retiredAt?: number
  readonly expiresAt?: number
}

export interface RevokedTokenRow {
  readonly tokenId: string
  readonly expiresAt: number
}

/** A change of one conversation, all or nothing. */
export interface ConversationChange {
  readonly tenantId: string
  readonly conversationId: string
  /** The version the decision was based on. */
  readonly expectedVersion: bigint
  readonly title?: string
  readonly metadata?: Readonly<Record<string, string>>
  /** Inserted, or replaced if they exist. */
  readonly putMembers: readonly MemberRow[]
  readonly removeMembers: readonly string[]
  readonly updatedAt: number
  /** Users to create first if they do not exist. */
  readonly createUsers: readonly string[]
  readonly outbox: readonly NewOutboxEntry[]
}

/** Tenants, API clients, users, conversations and members: who there is, and who may.
 *
 *  Every method is one transaction: all of it or nothing, durable when it resolves. Every look-up names its tenant.
 *  All methods throw `EngineUnavailable` when the engine is away and `StorageFull` when nothing could be stored. */
export interface Directory extends AsyncDisposable {
  /** Throws `AlreadyExists('tenant')`. */
  createTenant(tenant: TenantRow): Promise<void>
  tenant(tenantId: string): Promise<TenantRow | undefined>
  /** By tenant id, after `after`. */
  tenants(after: string, limit: number): Promise<readonly TenantRow[]>

  createApiClient(client: ApiClientRow): Promise<void>
  /** Creates it if its tenant, which must exist, has no client yet. Of several calls at once, in whatever processes, one does. Returns whether this one did. */
  createFirstApiClient(client: ApiClientRow): Promise<boolean>
  /** Gives it a new secret, of which the former one may go on working for a while, or revokes it. A revocation is final: the first time stays. Undefined if there is no such client. */
  updateApiClient(clientId: string, change: ApiClientChange): Promise<ApiClientRow | undefined>
  /** The only look-up without a tenant: client ids are unique over all, and the caller is not known yet. */
  apiClient(clientId: string): Promise<ApiClientRow | undefined>
  apiClients(tenantId: string, after: string, limit: number): Promise<readonly ApiClientRow[]>
  /** Clients revoked at or after a time, of all tenants. */
  revokedApiClients(since: number): Promise<readonly string[]>

  /** Inserts, or replaces display name and metadata and makes active. Returns the rows as stored, in order. */
  upsertUsers(
    tenantId: string,
    users: readonly Pick<UserRow, 'userId' | 'displayName' | 'metadata'>[],
    at: number,
  ): Promise<readonly UserRow[]>
  /** Those that exist, in the order of the argument. */
  users(tenantId: string, userIds: readonly string[]): Promise<readonly UserRow[]>
  listUsers(tenantId: string, after: string, limit: number): Promise<readonly UserRow[]>
  /** Changes what is given; undefined if there is no such user. */
  updateUser(
    tenantId: string,
    userId: string,
    change: { readonly displayName?: string; readonly metadata?: Readonly<Record<string, string>>; readonly deactivatedAt?: number },
    at: number,
  ): Promise<UserRow | undefined>
  /** Users deactivated at or after a time and still so, of all tenants. */
  deactivatedUsers(since: number): Promise<readonly { readonly tenantId: string; readonly userId: string }[]>

  /** Creates a conversation with its members, missing users and outbox entries. Throws `AlreadyExists('private_pair')` or `AlreadyExists('request_id')`. */
  createConversation(
    conversation: ConversationRow,
    members: readonly MemberRow[],
    extra: { readonly createUsers: readonly string[]; readonly request?: RequestRow; readonly outbox: readonly NewOutboxEntry[] },
  ): Promise<void>
  /** Throws `Conflict` when the version is not the expected one or the conversation is gone. */
  changeConversation(change: ConversationChange): Promise<ConversationRow>
  conversation(tenantId: string, conversationId: string): Promise<ConversationRow | undefined>
  /** Those that exist, in the order of the argument. */
  conversations(tenantId: string, conversationIds: readonly string[]): Promise<readonly ConversationRow[]>
  privateConversation(tenantId: string, privatePair: string): Promise<ConversationRow | undefined>
  request(tenantId: string, requestKey: string): Promise<RequestRow | undefined>
  member(tenantId: string, conversationId: string, userId: string): Promise<MemberRow | undefined>
  /** By user id, after `after`. At most 1,000. */
  members(tenantId: string, conversationId: string, after: string, limit: number): Promise<readonly MemberRow[]>

  /** The oldest outbox entries, of one conversation or of all. */
  outbox(conversationId: string | undefined, limit: number): Promise<readonly OutboxEntry[]>
  /** Forgets entries that are in the log. */
  clearOutbox(ids: readonly bigint[]): Promise<void>

  /** Newest first. */
  signingKeys(): Promise<readonly SigningKeyRow[]>
  /** Adds a key, and retires all others at the same time. */
  addSigningKey(key: SigningKeyRow, retireOthersUntil: number): Promise<void>
  /** Repeating it changes nothing. Also forgets tokens that have expired. */
  revokeToken(token: RevokedTokenRow, now: number): Promise<void>
  revokedTokens(now: number): Promise<readonly RevokedTokenRow[]>
}
