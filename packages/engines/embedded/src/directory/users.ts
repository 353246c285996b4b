import type { DatabaseSync } from 'node:sqlite'
import type { UserRow } from '@chat4all/ports'
import { metadataText, optional, read, write } from './operation.ts'

interface UserColumns {
  readonly tenant_id: string
  readonly user_id: string
  readonly display_name: string
  readonly metadata: string
  readonly created_at: number
  readonly updated_at: number
  readonly deactivated_at: number | null
}

type UserChange = { readonly displayName?: string; readonly metadata?: Readonly<Record<string, string>>; readonly deactivatedAt?: number }

/** An upsert that changes nothing leaves `updated_at` alone: repeating it is not a change. */
const UPSERT = `
INSERT INTO users (tenant_id, user_id, display_name, metadata, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
ON CONFLICT DO UPDATE SET display_name = excluded.display_name, metadata = excluded.metadata, updated_at = excluded.updated_at, deactivated_at = NULL
WHERE display_name <> excluded.display_name OR metadata <> excluded.metadata OR deactivated_at IS NOT NULL`

const UPDATE = `
UPDATE users SET display_name = coalesce(?3, display_name), metadata = coalesce(?4, metadata), deactivated_at = coalesce(?5, deactivated_at), updated_at = ?6
WHERE tenant_id = ?1 AND user_id = ?2 RETURNING *`

export function userOperations(db: DatabaseSync) {
  const upsert = db.prepare(UPSERT)
  const update = db.prepare(UPDATE)
  const select = db.prepare('SELECT * FROM users WHERE tenant_id = ? AND user_id = ?')
  const selectPage = db.prepare('SELECT * FROM users WHERE tenant_id = ? AND user_id > ? ORDER BY user_id LIMIT ?')
  const selectDeactivated = db.prepare('SELECT tenant_id, user_id FROM users WHERE deactivated_at >= ? ORDER BY deactivated_at')
  const find = (tenantId: string, userIds: readonly string[]): UserRow[] =>
    userIds.flatMap((userId) => {
      const row = select.get(tenantId, userId)
      return row ? [toUser(row as unknown as UserColumns)] : []
    })
  return {
    upsertUsers: write((tenantId: string, users: readonly Pick<UserRow, 'userId' | 'displayName' | 'metadata'>[], at: number) => {
      for (const user of users) upsert.run(tenantId, user.userId, user.displayName, metadataText(user.metadata), at)
      return find(
        tenantId,
        users.map((user) => user.userId),
      )
    }),
    users: read(find),
    listUsers: read((tenantId: string, after: string, limit: number) =>
      (selectPage.all(tenantId, after, limit) as unknown as UserColumns[]).map(toUser),
    ),
    updateUser: write((tenantId: string, userId: string, change: UserChange, at: number) => {
      const metadata = change.metadata ? metadataText(change.metadata) : null
      const row = update.get(tenantId, userId, change.displayName ?? null, metadata, change.deactivatedAt ?? null, at)
      return row && toUser(row as unknown as UserColumns)
    }),
    deactivatedUsers: read((since: number) =>
      selectDeactivated.all(since).map((row) => ({ tenantId: row.tenant_id, userId: row.user_id })),
    ),
  }
}

/** Inserts users that do not exist, with an empty name, and leaves the others as they are. */
export function userCreator(db: DatabaseSync): (tenantId: string, userIds: readonly string[], at: number) => void {
  const insert = db.prepare(`
INSERT INTO users (tenant_id, user_id, display_name, metadata, created_at, updated_at) VALUES (?1, ?2, '', '{}', ?3, ?3)
ON CONFLICT DO NOTHING`)
  return (tenantId, userIds, at) => {
    for (const userId of userIds) insert.run(tenantId, userId, at)
  }
}

function toUser(row: UserColumns): UserRow {
  return {
    tenantId: row.tenant_id,
    userId: row.user_id,
    displayName: row.display_name,
    metadata: JSON.parse(row.metadata) as Record<string, string>,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...optional('deactivatedAt', row.deactivated_at),
  }
}
