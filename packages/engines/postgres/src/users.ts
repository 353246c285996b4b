import type { Directory, UserRow } from '@chat4all/ports'
import { inOrder, lastOfEach, metadataText, optionalTime, parseMetadata } from './columns.ts'
import type { Database, Queries } from './database.ts'

interface UserColumns {
  readonly tenant_id: string
  readonly user_id: string
  readonly display_name: string
  readonly metadata: string
  readonly created_at: bigint
  readonly updated_at: bigint
  readonly deactivated_at: bigint | null
}

const COLUMNS = 'tenant_id, user_id, display_name, metadata, created_at, updated_at, deactivated_at'

/** An upsert that changes nothing leaves `updated_at` alone: repeating it is not a change. */
const UPSERT = `
INSERT INTO users (tenant_id, user_id, display_name, metadata, created_at, updated_at)
SELECT $1, given.user_id, given.display_name, given.metadata, $5::INT8, $5::INT8
FROM unnest($2::TEXT[], $3::TEXT[], $4::TEXT[]) AS given (user_id, display_name, metadata)
ON CONFLICT (tenant_id, user_id) DO UPDATE
SET display_name = excluded.display_name, metadata = excluded.metadata, updated_at = excluded.updated_at, deactivated_at = NULL
WHERE users.display_name <> excluded.display_name OR users.metadata <> excluded.metadata OR users.deactivated_at IS NOT NULL`

const CREATE_MISSING = `
INSERT INTO users (tenant_id, user_id, display_name, metadata, created_at, updated_at)
SELECT $1, given.user_id, '', '{}', $3::INT8, $3::INT8 FROM unnest($2::TEXT[]) AS given (user_id)
ON CONFLICT (tenant_id, user_id) DO NOTHING`

const UPDATE = `
UPDATE users SET display_name = coalesce($3, display_name), metadata = coalesce($4, metadata),
  deactivated_at = coalesce($5, deactivated_at), updated_at = $6
WHERE tenant_id = $1 AND user_id = $2 RETURNING ${COLUMNS}`

const SELECT = `SELECT ${COLUMNS} FROM users WHERE tenant_id = $1 AND user_id = ANY ($2)`
const SELECT_PAGE = `SELECT ${COLUMNS} FROM users WHERE tenant_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3`
const SELECT_DEACTIVATED = 'SELECT tenant_id, user_id FROM users WHERE deactivated_at >= $1 ORDER BY deactivated_at'

export function userMethods(db: Database): Pick<Directory, 'upsertUsers' | 'users' | 'listUsers' | 'updateUser' | 'deactivatedUsers'> {
  return {
    upsertUsers: (tenantId, users, at) =>
      db.transaction(async (tx) => {
        const given = lastOfEach(users)
        const metadata = given.map((user) => metadataText(user.metadata))
        const names = given.map((user) => user.displayName)
        await tx.query(UPSERT, tenantId, userIdsOf(given), names, metadata, at)
        return findUsers(tx, tenantId, userIdsOf(users))
      }),
    users: (tenantId, userIds) => findUsers(db, tenantId, userIds),
    async listUsers(tenantId, after, limit) {
      return (await db.query<UserColumns>(SELECT_PAGE, tenantId, after, limit)).map(toUser)
    },
    async updateUser(tenantId, userId, { displayName, metadata, deactivatedAt }, at) {
      const text = metadata ? metadataText(metadata) : null
      const [row] = await db.query<UserColumns>(UPDATE, tenantId, userId, displayName ?? null, text, deactivatedAt ?? null, at)
      return row && toUser(row)
    },
    async deactivatedUsers(since) {
      const rows = await db.query<Pick<UserColumns, 'tenant_id' | 'user_id'>>(SELECT_DEACTIVATED, since)
      return rows.map((row) => ({ tenantId: row.tenant_id, userId: row.user_id }))
    },
  }
}

/** Inserts users that do not exist, with an empty name, and leaves the others as they are. */
export async function createMissingUsers(tx: Queries, tenantId: string, userIds: readonly string[], at: number): Promise<void> {
  if (userIds.length > 0) await tx.query(CREATE_MISSING, tenantId, userIds.toSorted(), at)
}

async function findUsers(queries: Queries, tenantId: string, userIds: readonly string[]): Promise<readonly UserRow[]> {
  const rows = await queries.query<UserColumns>(SELECT, tenantId, userIds)
  return inOrder(userIds, rows.map(toUser), (user) => user.userId)
}

function userIdsOf(users: readonly { readonly userId: string }[]): readonly string[] {
  return users.map((user) => user.userId)
}

function toUser(row: UserColumns): UserRow {
  return {
    tenantId: row.tenant_id,
    userId: row.user_id,
    displayName: row.display_name,
    metadata: parseMetadata(row.metadata),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    ...optionalTime('deactivatedAt', row.deactivated_at),
  }
}
