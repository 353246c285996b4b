import { ChatError, type Clock } from '@chat4all/base'
import type { Principal } from '@chat4all/rpc'
import { createLocalJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import type { DirectoryClient } from '../deps.ts'
import type { Revocations } from './revocations.ts'

const ISSUER = 'chat4all'
/** Unknown key ids make the keys be read again, but not more often than this. */
const KEY_REFRESH_MS = 1_000

/** Turns bearer tokens into principals. A signature costs about 0.1 ms, so verified tokens are remembered. */
export class TokenVerifier {
  readonly #directory: DirectoryClient
  readonly #revocations: Revocations
  readonly #clock: Clock
  readonly #verified = new LRUCache<string, Principal>({ max: 100_000 })
  #keys: JWTVerifyGetKey = createLocalJWKSet({ keys: [] })
  #jwks = '{"keys":[]}'
  #keysReadAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined

  constructor(directory: DirectoryClient, revocations: Revocations, clock: Clock) {
    this.#directory = directory
    this.#revocations = revocations
    this.#clock = clock
  }

  /** The public keys, as served at /.well-known/jwks.json. */
  async jwks(): Promise<string> {
    await this.#readKeys()
    return this.#jwks
  }

  /** The principal of an `authorization` header, or undefined if there is none. */
  authenticate(authorization: string | undefined): Principal | undefined | Promise<Principal> {
    if (authorization === undefined || authorization === '') return undefined
    const token = /^bearer +(.+)$/i.exec(authorization)?.[1]
    if (token === undefined) throw invalidToken('The authorization header must be "Bearer <token>".')
    const known = this.#verified.get(token)
    return known === undefined ? this.#verify(token) : this.#holding(known)
  }

  #holding(principal: Principal): Principal {
    if (principal.expiresAt <= this.#clock.now()) throw invalidToken('The token has expired. Get a new one.')
    if (this.#revocations.isRevoked(principal)) throw invalidToken('The token was revoked. Get a new one.')
    return principal
  }

  async #verify(token: string): Promise<Principal> {
    const principal = this.#holding(toPrincipal(await this.#claims(token, true)))
    this.#verified.set(token, principal)
    return principal
  }

  async #claims(token: string, retry: boolean): Promise<JWTPayload> {
    const keys = this.#keys
    try {
      const options = { issuer: ISSUER, audience: ISSUER, algorithms: ['EdDSA'], currentDate: new Date(this.#clock.now()) }
      return (await jwtVerify(token, keys, options)).payload
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey && retry && (this.#keys !== keys || (await this.#readKeys())))
        return this.#claims(token, false)
      if (error instanceof errors.JWTExpired) throw invalidToken('The token has expired. Get a new one.')
      if (error instanceof errors.JOSEError || error instanceof TypeError) throw invalidToken('The token is not valid.', error)
      throw error
    }
  }

  /** False: they were read a moment ago. Callers at the same time share one reading: after a start, all of them find no key. */
  async #readKeys(): Promise<boolean> {
    if (this.#reading === undefined) {
      if (performance.now() - this.#keysReadAt < KEY_REFRESH_MS) return false
      this.#reading = this.#fetchKeys().finally(() => {
        this.#reading = undefined
      })
    }
    await this.#reading
    return true
  }

  async #fetchKeys(): Promise<void> {
    this.#jwks = (await this.#directory.listSigningKeys({})).jwks
    this.#keys = createLocalJWKSet(JSON.parse(this.#jwks))
    this.#keysReadAt = performance.now()
  }
}

function toPrincipal(claims: JWTPayload): Principal {
  const { sub, jti, exp } = claims
  const tenantId = claims['tid']
  const clientId = claims['cid']
  if (
    typeof sub !== 'string' ||
    typeof jti !== 'string' ||
    typeof exp !== 'number' ||
    typeof tenantId !== 'string' ||
    typeof clientId !== 'string'
  )
    throw invalidToken('The token is not valid.')
  const base = { tenantId, clientId, operator: claims['op'] === true, tokenId: jti, expiresAt: exp * 1000 }
  if (sub.startsWith('user:')) return { ...base, kind: 'user', userId: sub.slice(5), operator: false }
  if (sub.startsWith('client:')) return { ...base, kind: 'client' }
  throw invalidToken('The token is not valid.')
}

function invalidToken(message: string, cause?: unknown): ChatError {
  return new ChatError('TOKEN_INVALID', message, { cause })
}
