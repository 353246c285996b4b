import type { Directory, SigningKeyRow } from '@chat4all/ports'
import { optionalTime } from './columns.ts'
import type { Database } from './database.ts'

interface SigningKeyColumns {
  readonly key_id: string
  readonly private_jwk: string
  readonly created_at: bigint
  readonly retired_at: bigint | null
  readonly expires_at: bigint | null
}

/** Keys are added one at a time: of two that did not see each other, both would sign. */
const LOCK = 'SELECT pg_advisory_xact_lock(1664377090)'

const SELECT_KEYS = `
SELECT key_id, private_jwk, created_at, retired_at, expires_at FROM signing_keys ORDER BY created_at DESC, number DESC`

const RETIRE = 'UPDATE signing_keys SET retired_at = $1, expires_at = $2 WHERE retired_at IS NULL'

const INSERT_KEY = 'INSERT INTO signing_keys (key_id, private_jwk, created_at, retired_at, expires_at) VALUES ($1, $2, $3, $4, $5)'

export function signingKeyMethods(db: Database): Pick<Directory, 'signingKeys' | 'addSigningKey'> {
  return {
    async signingKeys() {
      return (await db.query<SigningKeyColumns>(SELECT_KEYS)).map(toSigningKey)
    },
    addSigningKey: ({ keyId, privateJwk, createdAt, retiredAt = null, expiresAt = null }, retireOthersUntil) =>
      db.transaction(async (tx) => {
        await tx.query(LOCK)
        await tx.query(RETIRE, createdAt, retireOthersUntil)
        await tx.query(INSERT_KEY, keyId, privateJwk, createdAt, retiredAt, expiresAt)
      }),
  }
}

function toSigningKey(row: SigningKeyColumns): SigningKeyRow {
  return {
    keyId: row.key_id,
    privateJwk: row.private_jwk,
    createdAt: Number(row.created_at),
    ...optionalTime('retiredAt', row.retired_at),
    ...optionalTime('expiresAt', row.expires_at),
  }
}
