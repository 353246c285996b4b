import { ChatError } from '@chat4all/base'
import { DirectoryService } from '@chat4all/gen/chat4all/internal/v1/directory_service_pb.js'
import { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import { type RpcService, rpcService } from '@chat4all/rpc'
import type { HandlerDeps } from './deps.ts'
import { addMembers } from './handlers/add-members.ts'
import { batchGetConversations } from './handlers/batch-get-conversations.ts'
import { batchUpsertUsers } from './handlers/batch-upsert-users.ts'
import { createApiClient } from './handlers/create-api-client.ts'
import { createConversation } from './handlers/create-conversation.ts'
import { createTenant } from './handlers/create-tenant.ts'
import { createToken } from './handlers/create-token.ts'
import { createUserToken } from './handlers/create-user-token.ts'
import { deactivateUser } from './handlers/deactivate-user.ts'
import { getConversation } from './handlers/get-conversation.ts'
import { getUser } from './handlers/get-user.ts'
import { leaveConversation } from './handlers/leave-conversation.ts'
import { listApiClients } from './handlers/list-api-clients.ts'
import { listMembers } from './handlers/list-members.ts'
import { listRevocations } from './handlers/list-revocations.ts'
import { listSigningKeys } from './handlers/list-signing-keys.ts'
import { listTenants } from './handlers/list-tenants.ts'
import { listUsers } from './handlers/list-users.ts'
import { removeMembers } from './handlers/remove-members.ts'
import { resolveConversation } from './handlers/resolve-conversation.ts'
import { resolvePrivateConversation } from './handlers/resolve-private-conversation.ts'
import { resolveUser } from './handlers/resolve-user.ts'
import { revokeApiClient } from './handlers/revoke-api-client.ts'
import { revokeToken } from './handlers/revoke-token.ts'
import { rotateApiClientSecret } from './handlers/rotate-api-client-secret.ts'
import { rotateSigningKey } from './handlers/rotate-signing-key.ts'
import { setMemberRole } from './handlers/set-member-role.ts'
import { updateConversation } from './handlers/update-conversation.ts'
import { updateUser } from './handlers/update-user.ts'
import { upsertUser } from './handlers/upsert-user.ts'

/** Everything that gateways call. They list conversations and verify integrity themselves, from the message store. */
export function routes(deps: HandlerDeps): readonly RpcService[] {
  return [
    rpcService(AuthService, {
      createToken: createToken(deps),
      createUserToken: createUserToken(deps),
      revokeToken: revokeToken(deps),
    }),
    rpcService(UserService, {
      upsertUser: upsertUser(deps),
      batchUpsertUsers: batchUpsertUsers(deps),
      getUser: getUser(deps),
      listUsers: listUsers(deps),
      updateUser: updateUser(deps),
      deactivateUser: deactivateUser(deps),
    }),
    rpcService(ConversationService, {
      createConversation: createConversation(deps),
      getConversation: getConversation(deps),
      listConversations: gatewayOnly,
      updateConversation: updateConversation(deps),
      listMembers: listMembers(deps),
      addMembers: addMembers(deps),
      removeMembers: removeMembers(deps),
      leaveConversation: leaveConversation(deps),
      setMemberRole: setMemberRole(deps),
    }),
    rpcService(AdminService, {
      createTenant: createTenant(deps),
      listTenants: listTenants(deps),
      createApiClient: createApiClient(deps),
      listApiClients: listApiClients(deps),
      rotateApiClientSecret: rotateApiClientSecret(deps),
      revokeApiClient: revokeApiClient(deps),
      rotateSigningKey: rotateSigningKey(deps),
      verifyIntegrity: gatewayOnly,
    }),
    rpcService(DirectoryService, {
      resolveConversation: resolveConversation(deps),
      resolvePrivateConversation: resolvePrivateConversation(deps),
      batchGetConversations: batchGetConversations(deps),
      resolveUser: resolveUser(deps),
      listSigningKeys: listSigningKeys(deps),
      listRevocations: listRevocations(deps),
    }),
  ]
}

async function gatewayOnly(): Promise<never> {
  throw new ChatError('METHOD_NOT_FOUND', 'Gateways answer this themselves.')
}
