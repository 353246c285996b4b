import { ChatError, newId } from '@chat4all/base'
import { ApiClientRole } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import type { ApiClientRow } from '@chat4all/ports'
import { compactVerify, importJWK, SignJWT } from 'jose'
import { ALGORITHM, type SigningKeys } from './signing-keys.ts'

const ISSUER = 'chat4all'
const AUDIENCE = 'chat4all'

/** Whom a token speaks for. */
export interface TokenSubject {
  readonly tenantId: string
  readonly clientId: string
  readonly operator: boolean
  /** Absent: the API client itself. */
  readonly userId?: string
}

export interface NewToken {
  readonly token: string
  /** Milliseconds since 1970: a whole second, as in the token. */
  readonly expiresAt: number
}

/** What a token of ours says about itself. */
export interface ReadToken {
  readonly tokenId: string
  readonly tenantId: string
  /** `client:<id>` or `user:<id>`. */
  readonly subject: string
  readonly expiresAt: number
}

export function clientSubject(client: ApiClientRow): TokenSubject {
  return { tenantId: client.tenantId, clientId: client.clientId, operator: client.role === ApiClientRole.OPERATOR }
}

/** Signs a token. Its times are whole seconds, rounded in the bearer's favour. */
export async function signToken(keys: SigningKeys, subject: TokenSubject, ttlMs: number, now: number): Promise<NewToken> {
  const { keyId, privateKey } = await keys.current()
  const expires = Math.ceil((now + ttlMs) / 1000)
  const token = await new SignJWT({ tid: subject.tenantId, cid: subject.clientId, op: subject.operator })
    .setProtectedHeader({ alg: ALGORITHM, kid: keyId, typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(subject.userId === undefined ? `client:${subject.clientId}` : `user:${subject.userId}`)
    .setJti(newId())
    .setIssuedAt(Math.floor(now / 1000))
    .setExpirationTime(expires)
    .sign(privateKey)
  return { token, expiresAt: expires * 1000 }
}

/** Reads a token that we signed at any time, expired or not. Throws TOKEN_INVALID for any other. */
export async function readToken(keys: SigningKeys, token: string): Promise<ReadToken> {
  try {
    const { payload } = await compactVerify(token, async ({ kid }) => importJWK(await keys.publicJwk(kid ?? ''), ALGORITHM), {
      algorithms: [ALGORITHM],
    })
    return claimsOf(JSON.parse(new TextDecoder().decode(payload)))
  } catch (cause) {
    throw new ChatError('TOKEN_INVALID', 'The token is not one of this server.', { cause })
  }
}

function claimsOf(claims: Readonly<Record<string, unknown>>): ReadToken {
  const { iss, aud, jti, tid, sub, exp } = claims
  if (iss !== ISSUER || aud !== AUDIENCE) throw new Error('another issuer or audience')
  if (typeof jti !== 'string' || typeof tid !== 'string' || typeof sub !== 'string' || typeof exp !== 'number')
    throw new Error('a claim is missing')
  return { tokenId: jti, tenantId: tid, subject: sub, expiresAt: exp * 1000 }
}
