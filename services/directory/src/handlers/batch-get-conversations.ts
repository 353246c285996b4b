import type { DirectoryService } from '@chat4all/gen/chat4all/internal/v1/directory_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { toConversation } from '../mapping.ts'

export function batchGetConversations({ directory }: HandlerDeps): UnaryHandler<typeof DirectoryService.method.batchGetConversations> {
  return async ({ tenantId, conversationIds }) => {
    const rows = await directory.conversations(tenantId, conversationIds)
    return { conversations: rows.map((row) => toConversation(row)) }
  }
}
