import { type Clock, type Logger, newId } from '@chat4all/base'
import type { Directory, SigningKeyRow } from '@chat4all/ports'
import { exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'

const HOUR_MS = 3600_000
const DAY_MS = 24 * HOUR_MS
/** The longest time that a token works: a day, and what rounding up to a whole second adds. */
export const MAX_TOKEN_MS = DAY_MS + 1000
/** Ed25519 (RFC 8037). */
export const ALGORITHM = 'EdDSA'

export interface SigningKey {
  readonly keyId: string
  readonly privateKey: CryptoKey
}

interface SigningKeyDeps {
  readonly directory: Directory
  readonly clock: Clock
  readonly logger: Logger
  readonly config: { readonly signingKeyDays: number }
}

/** The keys that sign and verify tokens. One signs; retired ones verify until every token they signed has expired.
 *
 *  Another directory process may rotate the key: this one looks hourly, and so may go on signing with a retired key for
 *  an hour. Retired keys therefore verify an hour longer than the longest token works. */
export class SigningKeys implements Disposable {
  readonly #deps: SigningKeyDeps
  #current: Promise<SigningKey> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(deps: SigningKeyDeps) {
    this.#deps = deps
  }

  async start(): Promise<void> {
    await this.#refresh()
    this.#timer = setInterval(() => void this.#refresh().catch((error) => this.#deps.logger.error({ err: error }, 'keys')), HOUR_MS)
    this.#timer.unref()
  }

  /** The key that signs now. */
  current(): Promise<SigningKey> {
    this.#current ??= this.#load()
    this.#current.catch(() => {
      this.#current = undefined
    })
    return this.#current
  }

  /** Makes a new key that signs from now on, and returns its id. */
  async rotate(): Promise<string> {
    const { directory, clock, logger } = this.#deps
    const key = await newSigningKey(clock.now())
    await directory.addSigningKey(key, key.createdAt + MAX_TOKEN_MS + HOUR_MS)
    this.#current = undefined
    logger.info({ key_id: key.keyId }, 'signing key rotated')
    return key.keyId
  }

  /** The public keys that verify tokens now: an RFC 7517 JWK Set, JSON. */
  async jwks(): Promise<string> {
    const now = this.#deps.clock.now()
    const rows = await this.#deps.directory.signingKeys()
    return JSON.stringify({ keys: rows.filter((row) => row.expiresAt === undefined || row.expiresAt > now).map(publicJwk) })
  }

  /** A public key that signs or ever signed. */
  async publicJwk(keyId: string): Promise<JWK> {
    const row = (await this.#deps.directory.signingKeys()).find((candidate) => candidate.keyId === keyId)
    if (!row) throw new Error('no such key')
    return publicJwk(row)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  async #refresh(): Promise<void> {
    const [newest] = await this.#deps.directory.signingKeys()
    const dueAt = newest ? newest.createdAt + this.#deps.config.signingKeyDays * DAY_MS : 0
    if (this.#deps.clock.now() >= dueAt) await this.rotate()
    else this.#current = undefined
  }

  async #load(): Promise<SigningKey> {
    const [newest] = await this.#deps.directory.signingKeys()
    if (!newest) throw new Error('there is no signing key before the service has started')
    const privateKey = await importJWK(JSON.parse(newest.privateJwk) as JWK, ALGORITHM)
    return { keyId: newest.keyId, privateKey: privateKey as CryptoKey }
  }
}

async function newSigningKey(createdAt: number): Promise<SigningKeyRow> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { crv: 'Ed25519', extractable: true })
  return { keyId: newId(), privateJwk: JSON.stringify(await exportJWK(privateKey)), createdAt }
}

function publicJwk(row: SigningKeyRow): JWK {
  const { kty, crv, x } = JSON.parse(row.privateJwk) as JWK
  return { kty, crv, x, kid: row.keyId, alg: ALGORITHM, use: 'sig' } as JWK
}
