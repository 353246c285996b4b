import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import { ChatError } from '@chat4all/base'
import type { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import type { UnaryHandler } from '@chat4all/rpc'
import type { HandlerDeps } from '../deps.ts'
import { secretOpens } from '../domain/secrets.ts'
import { clientSubject, signToken } from '../tokens.ts'

const TTL_MS = 3600_000

export function createToken({ directory, keys, clock }: HandlerDeps): UnaryHandler<typeof AuthService.method.createToken> {
  return async ({ clientId, clientSecret }) => {
    const client = await directory.apiClient(clientId)
    const now = clock.now()
    const opens = secretOpens(client, clientSecret, now)
    if (!client || !opens) throw new ChatError('CREDENTIALS_INVALID', 'The client id or its secret is wrong.')
    const { token, expiresAt } = await signToken(keys, clientSubject(client), TTL_MS, now)
    return { accessToken: token, tokenType: 'Bearer', expireTime: timestampFromMs(expiresAt), tenantId: client.tenantId }
  }
}
