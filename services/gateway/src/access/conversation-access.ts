import { ChatError } from '@chat4all/base'
import type { Invalidation } from '@chat4all/gen/chat4all/internal/v1/live_batch_pb.js'
import type { ConversationType, MemberRole } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import type { Principal } from '@chat4all/rpc'
import { LRUCache } from 'lru-cache'
import type { DirectoryClient } from '../deps.ts'
import { LeaseCache } from './lease-cache.ts'

/** How long an answer about members may be relied on. The directory waits as long for gateways that do not answer. */
export const LEASE_MS = 2_000

/** Who may use a conversation. */
export interface ConversationAccess {
  readonly type: ConversationType
  readonly partition: number
  readonly members: ReadonlyMap<string, MemberRole>
}

/** Decides who may use which conversation, from the directory's answers. */
export class Conversations {
  readonly #directory: DirectoryClient
  readonly #leases = new LeaseCache<ConversationAccess | undefined>({ max: 200_000, leaseMs: LEASE_MS })
  /** The private conversation of two users never changes. */
  readonly #privates = new LRUCache<string, string>({ max: 200_000 })

  constructor(directory: DirectoryClient) {
    this.#directory = directory
  }

  /** The conversation, for a caller that acts as `userId`; an API client that acts for nobody may use all of its tenant's. Throws CONVERSATION_NOT_FOUND or NOT_A_MEMBER. */
  async require(tenantId: string, conversationId: string, userId: string | undefined): Promise<ConversationAccess> {
    const access = await this.find(tenantId, conversationId)
    if (access === undefined)
      throw new ChatError('CONVERSATION_NOT_FOUND', 'There is no such conversation.', { metadata: { conversation_id: conversationId } })
    if (userId !== undefined && !access.members.has(userId))
      throw new ChatError('NOT_A_MEMBER', 'The user is not a member of the conversation.', {
        metadata: { conversation_id: conversationId },
      })
    return access
  }

  /** For reading: a user must be a member, an API client need not. */
  requireReadable(principal: Principal, conversationId: string): Promise<ConversationAccess> {
    return this.require(principal.tenantId, conversationId, principal.userId)
  }

  find(tenantId: string, conversationId: string): ConversationAccess | undefined | Promise<ConversationAccess | undefined> {
    return this.#leases.get(key(tenantId, conversationId), () => this.#resolve(tenantId, conversationId))
  }

  /** Finds or opens the private conversation of two users. */
  async privateConversation(tenantId: string, from: string, to: string, createUsers: boolean): Promise<string> {
    const pair = `${tenantId}/${[from, to].sort().join('/')}`
    const known = this.#privates.get(pair)
    if (known !== undefined) return known
    const { conversationId } = await this.#directory.resolvePrivateConversation({ tenantId, from, to, createUsers })
    this.#privates.set(pair, conversationId)
    return conversationId
  }

  take({ tenantId, kind }: Invalidation): void {
    if (kind.case === 'membership') this.#leases.drop(key(tenantId, kind.value.conversationId))
  }

  async #resolve(tenantId: string, conversationId: string): Promise<ConversationAccess | undefined> {
    const { found, type, partition, members } = await this.#directory.resolveConversation({ tenantId, conversationId })
    return found ? { type, partition, members: new Map(members.map(({ userId, role }) => [userId, role])) } : undefined
  }
}

function key(tenantId: string, conversationId: string): string {
  return `${tenantId}/${conversationId}`
}
