import type { DatabaseSync } from 'node:sqlite'
import type { RevokedTokenRow, SigningKeyRow } from '@chat4all/ports'
import { optional, read, write } from './operation.ts'

interface SigningKeyColumns {
  readonly key_id: string
  readonly private_jwk: string
  readonly created_at: number
  readonly retired_at: number | null
  readonly expires_at: number | null
}

export function signingKeyOperations(db: DatabaseSync) {
  const select = db.prepare('SELECT * FROM signing_keys ORDER BY created_at DESC, number DESC')
  const retire = db.prepare('UPDATE signing_keys SET retired_at = ?, expires_at = ? WHERE retired_at IS NULL')
  const insert = db.prepare('INSERT INTO signing_keys (key_id, private_jwk, created_at, retired_at, expires_at) VALUES (?, ?, ?, ?, ?)')
  return {
    signingKeys: read(() => (select.all() as unknown as SigningKeyColumns[]).map(toSigningKey)),
    addSigningKey: write((key: SigningKeyRow, retireOthersUntil: number) => {
      retire.run(key.createdAt, retireOthersUntil)
      insert.run(key.keyId, key.privateJwk, key.createdAt, key.retiredAt ?? null, key.expiresAt ?? null)
    }),
  }
}

export function revokedTokenOperations(db: DatabaseSync) {
  const insert = db.prepare('INSERT INTO revoked_tokens VALUES (?, ?) ON CONFLICT DO NOTHING')
  const forget = db.prepare('DELETE FROM revoked_tokens WHERE expires_at <= ?')
  const select = db.prepare(
    'SELECT token_id AS tokenId, expires_at AS expiresAt FROM revoked_tokens WHERE expires_at > ? ORDER BY token_id',
  )
  return {
    revokeToken: write((token: RevokedTokenRow, now: number) => {
      forget.run(now)
      insert.run(token.tokenId, token.expiresAt)
    }),
    revokedTokens: read((now: number) => select.all(now)),
  }
}

function toSigningKey(row: SigningKeyColumns): SigningKeyRow {
  return {
    keyId: row.key_id,
    privateJwk: row.private_jwk,
    createdAt: row.created_at,
    ...optional('retiredAt', row.retired_at),
    ...optional('expiresAt', row.expires_at),
  }
}
