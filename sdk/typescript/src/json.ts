import { createRegistry, type JsonValue, type Message, toJson as write } from '@bufbuild/protobuf'
import { AdminService } from '#gen/chat4all/v1/admin_service_pb.js'
import { AuthService } from '#gen/chat4all/v1/auth_service_pb.js'
import { ConversationService } from '#gen/chat4all/v1/conversation_service_pb.js'
import { LiveService } from '#gen/chat4all/v1/live_service_pb.js'
import { MessageService } from '#gen/chat4all/v1/message_service_pb.js'
import { ReceiptService } from '#gen/chat4all/v1/receipt_service_pb.js'
import { SyncService } from '#gen/chat4all/v1/sync_service_pb.js'
import { UserService } from '#gen/chat4all/v1/user_service_pb.js'

const services = [AdminService, AuthService, ConversationService, LiveService, MessageService, ReceiptService, SyncService, UserService]

/**
 * The JSON of anything the API answers, as its JSON fronts write it (ProtoJSON): 64-bit numbers and times as strings, enums by name.
 *
 * @example
 * console.log(JSON.stringify(toJson(message)))
 */
export function toJson(message: Message): JsonValue {
  registry ??= createRegistry(...services.flatMap(({ file }) => [file, ...file.dependencies]))
  const schema = registry.getMessage(message.$typeName)
  if (!schema) throw new TypeError(`not a message of the API: ${message.$typeName}`)
  return write(schema, message, { registry })
}

let registry: ReturnType<typeof createRegistry> | undefined
