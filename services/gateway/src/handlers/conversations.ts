import { decodePageToken, encodePageToken, z } from '@chat4all/base'
import type { Conversation } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import type { MessageStore } from '@chat4all/ports'
import type { CallContext, ServiceHandlers, UnaryHandler } from '@chat4all/rpc'
import type { Transport } from '@connectrpc/connect'
import { actingUser } from '../access/acting-user.ts'
import type { Conversations } from '../access/conversation-access.ts'
import type { ConversationViews } from '../conversation-view.ts'
import type { DirectoryClient } from '../deps.ts'
import { forward } from '../forward.ts'
import type { Ordered } from '../ordered.ts'

interface Deps {
  readonly directory: DirectoryClient
  readonly transport: Transport
  readonly store: MessageStore
  readonly conversations: Conversations
  readonly views: ConversationViews
  readonly ordered: Ordered
}

const methods = ConversationService.method

/** The directory decides; the gateway waits until the decision is in the conversation's order, so that callers see it everywhere, and adds what the store knows. */
export function conversationHandlers(deps: Deps): ServiceHandlers<typeof ConversationService> {
  const { transport } = deps
  const create = forward(transport, methods.createConversation)
  const get = forward(transport, methods.getConversation)
  const update = forward(transport, methods.updateConversation)
  const addMembers = forward(transport, methods.addMembers)
  const removeMembers = forward(transport, methods.removeMembers)
  const leave = forward(transport, methods.leaveConversation)
  const setMemberRole = forward(transport, methods.setMemberRole)
  const shown = (conversation: unknown, context: CallContext, actor: string) =>
    deps.views.complete(context.principal!.tenantId, conversation as Conversation, context.principal!.userId ?? (actor || undefined))
  const settled = async (conversation: unknown, context: CallContext, actor: string) => {
    await ordered(deps, context, (conversation as Conversation).conversationId)
    return shown(conversation, context, actor)
  }
  return {
    createConversation: async (request, context) => {
      const { conversation, created } = await create(request, context)
      return { conversation: await settled(conversation, context, request.from), created: created ?? false }
    },
    getConversation: async (request, context) => ({
      conversation: await shown((await get(request, context)).conversation, context, request.userId),
    }),
    listConversations: listConversations(deps),
    updateConversation: async (request, context) => ({
      conversation: await settled((await update(request, context)).conversation, context, request.from),
    }),
    listMembers: forward(transport, methods.listMembers),
    addMembers: async (request, context) => {
      const { conversation, added } = await addMembers(request, context)
      return { conversation: await settled(conversation, context, request.from), added: added ?? [] }
    },
    removeMembers: async (request, context) => {
      const { conversation, removed } = await removeMembers(request, context)
      return { conversation: await settled(conversation, context, request.from), removed: removed ?? [] }
    },
    leaveConversation: async (request, context) => {
      await leave(request, context)
      await ordered(deps, context, request.conversationId)
      return {}
    },
    setMemberRole: async (request, context) => {
      const response = await setMemberRole(request, context)
      await ordered(deps, context, request.conversationId)
      return response
    },
  }
}

async function ordered({ conversations, ordered }: Deps, { principal }: CallContext, conversationId: string): Promise<void> {
  const access = await conversations.find(principal!.tenantId, conversationId.toLowerCase())
  if (access !== undefined) await ordered.untilEnd(access.partition)
}

const position = z.object({ at: z.string().regex(/^\d{1,18}$/), id: z.string().max(36) })

/** Grows with the number of the user's conversations, not with their messages. */
function listConversations({ store, directory, views }: Deps): UnaryHandler<typeof ConversationService.method.listConversations> {
  return async (request, { principal }) => {
    const { tenantId } = principal!
    const userId = actingUser(principal!, request.userId, 'user_id')
    const limit = request.pageSize || 50
    const query = ['ListConversations', tenantId, userId]
    const token = decodePageToken(request.pageToken, query, position)
    const entries = await store.inbox(tenantId, userId, token && { activeAt: BigInt(token.at), conversationId: token.id }, limit + 1)
    const page = entries.slice(0, limit)
    const last = page.at(-1)
    const { conversations } = await directory.batchGetConversations({
      tenantId,
      conversationIds: page.map(({ head }) => head.conversationId),
    })
    return {
      conversations: await Promise.all(conversations.map((conversation) => views.complete(tenantId, conversation, userId))),
      nextPageToken:
        entries.length > limit && last !== undefined
          ? encodePageToken(query, { at: `${last.head.activeAt}`, id: last.head.conversationId })
          : '',
    }
  }
}
