import { type CallOptions, type Client, createClient, type Transport } from '@connectrpc/connect'
import { AdminService } from '#gen/chat4all/v1/admin_service_pb.js'
import { AuthService } from '#gen/chat4all/v1/auth_service_pb.js'
import { ConversationService } from '#gen/chat4all/v1/conversation_service_pb.js'
import { LiveService } from '#gen/chat4all/v1/live_service_pb.js'
import { MessageService } from '#gen/chat4all/v1/message_service_pb.js'
import { ReceiptService } from '#gen/chat4all/v1/receipt_service_pb.js'
import { SyncService } from '#gen/chat4all/v1/sync_service_pb.js'
import { UserService } from '#gen/chat4all/v1/user_service_pb.js'

/** The generated client of every service: every RPC as the proto files describe it. Calls throw ChatError. */
export interface Api {
  readonly auth: Client<typeof AuthService>
  readonly users: Client<typeof UserService>
  readonly conversations: Client<typeof ConversationService>
  readonly messages: Client<typeof MessageService>
  readonly receipts: Client<typeof ReceiptService>
  readonly sync: Client<typeof SyncService>
  readonly live: Client<typeof LiveService>
  readonly admin: Client<typeof AdminService>
}

export function createApi(transport: Transport): Api {
  return {
    auth: createClient(AuthService, transport),
    users: createClient(UserService, transport),
    conversations: createClient(ConversationService, transport),
    messages: createClient(MessageService, transport),
    receipts: createClient(ReceiptService, transport),
    sync: createClient(SyncService, transport),
    live: createClient(LiveService, transport),
    admin: createClient(AdminService, transport),
  }
}

/** Call options for a signal that may be absent. */
export const withSignal = (signal: AbortSignal | undefined): CallOptions => (signal ? { signal } : {})
