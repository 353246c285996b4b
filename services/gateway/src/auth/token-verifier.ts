import { setTimeout as sleep } from 'node:timers/promises'
import { ChatError, type Clock } from '@chat4all/base'
import type { Principal } from '@chat4all/rpc'
import { createLocalJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import type { DirectoryClient } from '../deps.ts'
import type { Revocations } from './revocations.ts'

const ISSUER = 'chat4all'
/** Unknown key ids make the keys be read again, but not more often than this: their callers wait, since the key may be new. */
const KEY_REFRESH_MS = 1_000
/** The reading that a caller finds under way may have begun before the key was there. The one after that has not. */
const READINGS_FOR_UNKNOWN_KEY = 2

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
    if (this.#pauseMs <= 0) await this.#readKeys()
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
    const principal = this.#holding(toPrincipal(await this.#claims(token)))
    this.#verified.set(token, principal)
    return principal
  }

  async #claims(token: string): Promise<JWTPayload> {
    for (let readings = 0; ; readings++) {
      try {
        const options = { issuer: ISSUER, audience: ISSUER, algorithms: ['EdDSA'], currentDate: new Date(this.#clock.now()) }
        return (await jwtVerify(token, this.#keys, options)).payload
      } catch (error) {
        if (error instanceof errors.JWKSNoMatchingKey && readings < READINGS_FOR_UNKNOWN_KEY) await this.#readKeys()
        else if (error instanceof errors.JWTExpired) throw invalidToken('The token has expired. Get a new one.')
        else if (error instanceof errors.JOSEError || error instanceof TypeError) throw invalidToken('The token is not valid.', error)
        else throw error
      }
    }
  }

  /** Reads the keys when it is time to. Callers at the same time share one reading: after a start, all of them find no key. */
  #readKeys(): Promise<void> {
    this.#reading ??= this.#readWhenDue().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #readWhenDue(): Promise<void> {
    if (this.#pauseMs > 0) await sleep(this.#pauseMs)
    await this.#fetchKeys()
  }

  /** How long the keys must not be read again. */
  get #pauseMs(): number {
    return this.#keysReadAt + KEY_REFRESH_MS - performance.now()
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
