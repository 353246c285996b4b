import { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { LiveService } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { ReceiptService } from '@chat4all/gen/chat4all/v1/receipt_service_pb.js'
import { SyncService } from '@chat4all/gen/chat4all/v1/sync_service_pb.js'
import { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import { type RpcService, rpcService } from '@chat4all/rpc'
import type { Transport } from '@connectrpc/connect'
import { forward } from './forward.ts'
import { conversationHandlers } from './handlers/conversations.ts'
import { listMessages } from './handlers/list-messages.ts'
import { getMessageStatus, watchMessageStatus } from './handlers/message-status.ts'
import { addReaction, deleteMessage, editMessage, getMessage, listMessageEdits, removeReaction } from './handlers/messages.ts'
import { listReceipts, markReceipts } from './handlers/receipts.ts'
import { sendMessage } from './handlers/send-message.ts'
import { sendStream } from './handlers/send-stream.ts'
import { type SubscribeDeps, subscribe } from './handlers/subscribe.ts'
import { getRangeDigest, listChanges, syncChanges } from './handlers/sync.ts'
import { verifyIntegrity } from './handlers/verify-integrity.ts'

type RouteDeps = SubscribeDeps &
  Parameters<typeof sendStream>[0] &
  Parameters<typeof editMessage>[0] &
  Parameters<typeof listMessages>[0] &
  Parameters<typeof markReceipts>[0] &
  Parameters<typeof watchMessageStatus>[0] &
  Parameters<typeof verifyIntegrity>[0] &
  Parameters<typeof conversationHandlers>[0]

/** The whole public API. A missing RPC does not compile. */
export function publicServices(deps: RouteDeps): readonly RpcService[] {
  return [
    authService(deps.transport),
    userService(deps.transport),
    rpcService(ConversationService, conversationHandlers(deps)),
    messageService(deps),
    rpcService(ReceiptService, { markReceipts: markReceipts(deps), listReceipts: listReceipts(deps) }),
    rpcService(SyncService, { listChanges: listChanges(deps), syncChanges: syncChanges(deps), getRangeDigest: getRangeDigest(deps) }),
    rpcService(LiveService, { subscribe: subscribe(deps) }),
    adminService(deps),
  ]
}

function messageService(deps: RouteDeps): RpcService {
  return rpcService(MessageService, {
    sendMessage: sendMessage(deps),
    sendStream: sendStream(deps),
    getMessage: getMessage(deps),
    listMessages: listMessages(deps),
    editMessage: editMessage(deps),
    listMessageEdits: listMessageEdits(deps),
    deleteMessage: deleteMessage(deps),
    addReaction: addReaction(deps),
    removeReaction: removeReaction(deps),
    getMessageStatus: getMessageStatus(deps),
    watchMessageStatus: watchMessageStatus(deps),
  })
}

function authService(transport: Transport): RpcService {
  const { createToken, createUserToken, revokeToken } = AuthService.method
  return rpcService(AuthService, {
    createToken: forward(transport, createToken),
    createUserToken: forward(transport, createUserToken),
    revokeToken: forward(transport, revokeToken),
  })
}

function userService(transport: Transport): RpcService {
  const { upsertUser, batchUpsertUsers, getUser, listUsers, updateUser, deactivateUser } = UserService.method
  return rpcService(UserService, {
    upsertUser: forward(transport, upsertUser),
    batchUpsertUsers: forward(transport, batchUpsertUsers),
    getUser: forward(transport, getUser),
    listUsers: forward(transport, listUsers),
    updateUser: forward(transport, updateUser),
    deactivateUser: forward(transport, deactivateUser),
  })
}

function adminService(deps: RouteDeps): RpcService {
  const { transport } = deps
  const { createTenant, listTenants, createApiClient, listApiClients, rotateApiClientSecret, revokeApiClient, rotateSigningKey } =
    AdminService.method
  return rpcService(AdminService, {
    createTenant: forward(transport, createTenant),
    listTenants: forward(transport, listTenants),
    createApiClient: forward(transport, createApiClient),
    listApiClients: forward(transport, listApiClients),
    rotateApiClientSecret: forward(transport, rotateApiClientSecret),
    revokeApiClient: forward(transport, revokeApiClient),
    rotateSigningKey: forward(transport, rotateSigningKey),
    verifyIntegrity: verifyIntegrity(deps),
  })
}
