import type { Directory } from '@chat4all/ports'
import type { Database } from './database.ts'

const FORGET = 'DELETE FROM revoked_tokens WHERE expires_at <= $1'
const INSERT = 'INSERT INTO revoked_tokens (token_id, expires_at) VALUES ($1, $2) ON CONFLICT (token_id) DO NOTHING'
const SELECT = 'SELECT token_id, expires_at FROM revoked_tokens WHERE expires_at > $1 ORDER BY token_id'

export function revokedTokenMethods(db: Database): Pick<Directory, 'revokeToken' | 'revokedTokens'> {
  return {
    revokeToken: ({ tokenId, expiresAt }, now) =>
      db.transaction(async (tx) => {
        await tx.query(FORGET, now)
        await tx.query(INSERT, tokenId, expiresAt)
      }),
    async revokedTokens(now) {
      const rows = await db.query<{ readonly token_id: string; readonly expires_at: bigint }>(SELECT, now)
      return rows.map((row) => ({ tokenId: row.token_id, expiresAt: Number(row.expires_at) }))
    },
  }
}
