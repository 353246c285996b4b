import { createHmac, timingSafeEqual } from 'node:crypto'
import { ChatError, type Clock } from '@chat4all/base'
import type { Authenticate } from './handler.ts'

/** The only header there is: no caller chooses the algorithm. */
const HEADER = encode({ alg: 'HS256', typ: 'JWT' })
const ISSUER = 'chat4all-services'
const LIFETIME_SECONDS = 60
/** How far the clocks of two machines may be apart. */
const SKEW_SECONDS = 30
const MIN_SECRET_LENGTH = 32

export interface ServiceTokenOptions {
  /** The service that calls, as its callees log it. */
  readonly service: string
  /** The first signs, all verify: so a new secret can be rolled out without a pause. Each at least 32 characters. */
  readonly secrets: readonly string[]
  readonly clock: Clock
}

/** Short-lived JWTs (RFC 7519, HS256) by which services of one installation know each other. No user or API client can have one. */
export class ServiceTokens {
  readonly #service: string
  readonly #secrets: readonly string[]
  readonly #clock: Clock
  #header = ''
  #signedAt = Number.NEGATIVE_INFINITY

  constructor({ service, secrets, clock }: ServiceTokenOptions) {
    if (secrets.length === 0 || secrets.some((secret) => secret.length < MIN_SECRET_LENGTH))
      throw new Error(`a service secret has at least ${MIN_SECRET_LENGTH} characters`)
    this.#service = service
    this.#secrets = secrets
    this.#clock = clock
  }

  /** The `authorization` header of calls to other services. */
  header(): string {
    const now = this.#seconds()
    // Also when the clock was set back: others would take the old one for expired.
    if (Math.abs(now - this.#signedAt) >= LIFETIME_SECONDS / 2) {
      this.#header = `Bearer ${this.#sign(now)}`
      this.#signedAt = now
    }
    return this.#header
  }

  /** Lets services pass, and nobody else. */
  readonly authenticate: Authenticate = (header) => {
    const [signed, signature] = split(header('authorization'))
    if (!this.#secrets.some((secret) => isSignature(signature, hmac(secret, signed)))) throw refused()
    const { iss, aud, exp } = claimsOf(signed)
    if (iss !== ISSUER || aud !== ISSUER || typeof exp !== 'number' || exp + SKEW_SECONDS <= this.#seconds()) throw refused()
    return undefined
  }

  #sign(now: number): string {
    const signed = `${HEADER}.${encode({ iss: ISSUER, aud: ISSUER, sub: this.#service, iat: now, exp: now + LIFETIME_SECONDS })}`
    return `${signed}.${hmac(this.#secrets[0]!, signed).toString('base64url')}`
  }

  #seconds(): number {
    return Math.floor(this.#clock.now() / 1000)
  }
}

/** The caller of the RPC is our own service: its client tells this apart from a refusal of the user it calls for. */
export function isServiceRefusal(error: ChatError): boolean {
  return error.metadata.audience === ISSUER
}

function refused(): ChatError {
  return new ChatError('TOKEN_INVALID', 'Only services of this installation may call this.', { metadata: { audience: ISSUER } })
}

/** What is signed, and the signature. */
function split(authorization: string | undefined): readonly [string, Buffer] {
  const [scheme, token = ''] = (authorization ?? '').split(' ')
  const at = token.lastIndexOf('.')
  if (scheme !== 'Bearer' || !token.startsWith(`${HEADER}.`) || at <= HEADER.length) throw refused()
  return [token.slice(0, at), Buffer.from(token.slice(at + 1), 'base64url')]
}

/** Takes the same time wherever they differ. Their lengths are no secret. */
function isSignature(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/** Only for tokens whose signature holds. */
function claimsOf(signed: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(signed.slice(HEADER.length + 1), 'base64url').toString())
}

function hmac(secret: string, signed: string): Buffer {
  return createHmac('sha256', secret).update(signed).digest()
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
