import type { DescField, DescMessage, DescMethod, DescService } from '@bufbuild/protobuf'
import { getOption } from '@bufbuild/protobuf'
import { type Access, access } from '@chat4all/gen/chat4all/v1/access_pb.js'
import { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { LiveService } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { ReceiptService } from '@chat4all/gen/chat4all/v1/receipt_service_pb.js'
import { SyncService } from '@chat4all/gen/chat4all/v1/sync_service_pb.js'
import { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'

/** Everything that is public. A test compares it with what reflection lists. */
export const SERVICES: readonly DescService[] = [
  AuthService,
  UserService,
  ConversationService,
  MessageService,
  ReceiptService,
  SyncService,
  LiveService,
  AdminService,
]

export const METHODS: readonly DescMethod[] = SERVICES.flatMap(({ methods }) => methods)

/** "MessageService/SendMessage". */
export function nameOf({ parent, name }: DescMethod): string {
  return `${parent.name}/${name}`
}

/** "/chat4all.v1.MessageService/SendMessage". */
export function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`
}

export function accessOf(method: DescMethod): Access {
  return getOption(method, access)
}

/** Every field that a request can carry, at any depth, with its path ("user.user_id", "marks.conversation_id"). */
export function requestFields(message: DescMessage, prefix = ''): { readonly path: string; readonly field: DescField }[] {
  return message.fields.flatMap((field) => {
    const path = `${prefix}${field.name}`
    const inner = field.message === undefined || field.fieldKind === 'map' ? undefined : field.message
    return [{ path, field }, ...(inner === undefined ? [] : requestFields(inner, `${path}.`))]
  })
}
