import { createClient, type Transport } from '@connectrpc/connect'
import { AuthService } from '#gen/chat4all/v1/auth_service_pb.js'
import { ChatError } from './errors.ts'

/** What a token provider may use. */
export interface TokenRequest {
  /** Reaches the server, without a token. Throws ChatError. */
  readonly transport: Transport
  /** Aborts after 15 seconds. */
  readonly signal: AbortSignal
}

/** Returns a fresh token. Asked before the last one expires, and when the server refused it. */
export type TokenProvider = (request: TokenRequest) => Promise<string> | string

/**
 * Tokens of an API client. Its secret belongs on servers only: give apps user tokens.
 *
 * @example
 * const chat = connect({ token: clientCredentials({ clientId, clientSecret }), actAs: 'ana' })
 */
export function clientCredentials(credentials: { readonly clientId: string; readonly clientSecret: string }): TokenProvider {
  const { clientId, clientSecret } = credentials
  return async ({ transport, signal }) => {
    const answer = await createClient(AuthService, transport).createToken({ clientId, clientSecret }, { signal })
    return answer.accessToken
  }
}

/** Whose tokens {@link userToken} mints. */
export interface UserTokenOptions {
  readonly clientId: string
  readonly clientSecret: string
  readonly userId: string
  /** How long each token works, 1 to 86,400. Default 3,600. */
  readonly ttlSeconds?: number
}

/**
 * Tokens of one user, minted by an API client: what tests, bots and tools use. An app gets its token from your backend
 * (`chat.api.auth.createUserToken`) and never sees the secret.
 *
 * @example
 * const ana = connect({ token: userToken({ clientId, clientSecret, userId: 'ana' }) })
 */
export function userToken(options: UserTokenOptions): TokenProvider {
  const { userId, ttlSeconds } = options
  const clientToken = clientCredentials(options)
  return async (request) => {
    const headers = { authorization: `Bearer ${await clientToken(request)}` }
    const ttl = ttlSeconds === undefined ? {} : { ttl: { seconds: BigInt(ttlSeconds) } }
    const auth = createClient(AuthService, request.transport)
    const answer = await auth.createUserToken({ userId, ...ttl }, { headers, signal: request.signal })
    return answer.accessToken
  }
}

/** A token is replaced when a tenth of its life is left, at most this much. */
const LONGEST_MARGIN_MS = 60_000
const PROVIDER_TIMEOUT_MS = 15_000
/** How many fresh tokens in a row the server may refuse before the SDK believes it. */
const MAX_REFUSALS = 2

/** Keeps the token in force, and asks the provider for the next one: one request at a time, however many calls wait. */
export class TokenSource {
  readonly #provider: string | TokenProvider
  readonly #transport: Transport
  readonly #now: () => number
  #current: { readonly token: string; readonly renewAt: number } | undefined
  #pending: Promise<string> | undefined
  #refusals = 0

  constructor(provider: string | TokenProvider, transport: Transport, now: () => number = Date.now) {
    this.#provider = provider
    this.#transport = transport
    this.#now = now
  }

  /** Throws the provider's ChatError, or TOKEN_UNAVAILABLE for anything else it throws. */
  async get(): Promise<string> {
    if (typeof this.#provider === 'string') return this.#provider
    if (this.#current && this.#now() < this.#current.renewAt) return this.#current.token
    this.#pending ??= this.#fetch(this.#provider).finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  /** The server refused the token. Returns whether another try with a new one makes sense. */
  refused(token: string): boolean {
    if (typeof this.#provider === 'string') return false
    if (this.#current?.token !== token) return true
    this.#current = undefined
    return ++this.#refusals <= MAX_REFUSALS
  }

  /** The server took the token. */
  accepted(): void {
    this.#refusals = 0
  }

  async #fetch(provider: TokenProvider): Promise<string> {
    const signal = AbortSignal.timeout(PROVIDER_TIMEOUT_MS)
    try {
      const token = await provider({ transport: this.#transport, signal })
      this.#current = { token, renewAt: renewTime(token, this.#now()) }
      return token
    } catch (thrown) {
      throw providerError(thrown)
    }
  }
}

/** A failed call keeps its reason; anything else (a failed fetch of the app's own) may pass, so it is worth another try. */
function providerError(thrown: unknown): ChatError {
  if (thrown instanceof ChatError) return thrown
  return new ChatError('TOKEN_UNAVAILABLE', `the token provider failed: ${String(thrown)}`, { code: 'unavailable', cause: thrown })
}

/** When to replace a token: before its `exp`. Never for one that does not say. A clock that is off (expired on arrival) is not believed. */
export function renewTime(token: string, now: number): number {
  const { exp, iat } = jwtClaims(token)
  if (exp === undefined) return Number.POSITIVE_INFINITY
  const lifeMs = (exp - (iat ?? now / 1000)) * 1000
  const expiresAt = exp * 1000 > now ? exp * 1000 : now + lifeMs
  return expiresAt - Math.min(LONGEST_MARGIN_MS, lifeMs / 10)
}

function jwtClaims(token: string): { readonly exp?: number; readonly iat?: number } {
  try {
    const body = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    return JSON.parse(atob(body))
  } catch {
    return {}
  }
}
