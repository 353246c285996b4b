import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import type { ApiClientSchema, TenantSchema } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import type { ConversationSchema, MemberSchema } from '@chat4all/gen/chat4all/v1/conversation_pb.js'
import { type UserSchema, UserState } from '@chat4all/gen/chat4all/v1/user_pb.js'
import type { ApiClientRow, ConversationRow, MemberRow, TenantRow, UserRow } from '@chat4all/ports'

export function toTenant(row: TenantRow): MessageInitShape<typeof TenantSchema> {
  return { tenantId: row.tenantId, name: row.name, createTime: timestampFromMs(row.createdAt) }
}

/** Without anything secret. */
export function toApiClient(row: ApiClientRow): MessageInitShape<typeof ApiClientSchema> {
  return {
    clientId: row.clientId,
    tenantId: row.tenantId,
    name: row.name,
    role: row.role,
    createTime: timestampFromMs(row.createdAt),
    ...(row.revokedAt === undefined ? {} : { revokeTime: timestampFromMs(row.revokedAt) }),
  }
}

export function toUser(row: UserRow): MessageInitShape<typeof UserSchema> {
  return {
    userId: row.userId,
    displayName: row.displayName,
    metadata: { ...row.metadata },
    state: row.deactivatedAt === undefined ? UserState.ACTIVE : UserState.DEACTIVATED,
    createTime: timestampFromMs(row.createdAt),
    updateTime: timestampFromMs(row.updatedAt),
  }
}

/** Without what the message store knows. The view of the viewer, who is a member, holds only their role. */
export function toConversation(
  row: ConversationRow,
  viewer?: Pick<MemberRow, 'userId' | 'role'>,
): MessageInitShape<typeof ConversationSchema> {
  return {
    conversationId: row.conversationId,
    type: row.type,
    title: row.title,
    metadata: { ...row.metadata },
    memberCount: row.memberCount,
    createTime: timestampFromMs(row.createdAt),
    updateTime: timestampFromMs(row.updatedAt),
    ...(viewer === undefined ? {} : { view: { userId: viewer.userId, role: viewer.role } }),
  }
}

export function toMember(row: MemberRow): MessageInitShape<typeof MemberSchema> {
  return { userId: row.userId, role: row.role, joinTime: timestampFromMs(row.joinedAt) }
}
