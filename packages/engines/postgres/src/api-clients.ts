import type { ApiClientRow, Directory } from '@chat4all/ports'
import { bytes, optional, optionalTime } from './columns.ts'
import type { Database } from './database.ts'

interface ApiClientColumns {
  readonly client_id: string
  readonly tenant_id: string
  readonly name: string
  readonly role: number
  readonly secret_hash: Buffer
  readonly previous_secret_hash: Buffer | null
  readonly previous_secret_expires_at: bigint | null
  readonly created_at: bigint
  readonly revoked_at: bigint | null
}

const COLUMNS = 'client_id, tenant_id, name, role, secret_hash, previous_secret_hash, previous_secret_expires_at, created_at, revoked_at'

const INSERT = `INSERT INTO api_clients (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

/** Whoever asks for the first client waits here for those who do the same. */
const LOCK_TENANT = 'SELECT tenant_id FROM tenants WHERE tenant_id = $1 FOR UPDATE'
const SELECT_ANY = 'SELECT client_id FROM api_clients WHERE tenant_id = $1 LIMIT 1'

const CHANGE_SECRET = `
UPDATE api_clients SET secret_hash = $2, previous_secret_expires_at = $3::INT8,
  previous_secret_hash = CASE WHEN $3::INT8 IS NULL THEN NULL ELSE secret_hash END
WHERE client_id = $1 RETURNING ${COLUMNS}`

const REVOKE = `UPDATE api_clients SET revoked_at = coalesce(revoked_at, $2) WHERE client_id = $1 RETURNING ${COLUMNS}`

const SELECT = `SELECT ${COLUMNS} FROM api_clients WHERE client_id = $1`
const SELECT_PAGE = `SELECT ${COLUMNS} FROM api_clients WHERE tenant_id = $1 AND client_id > $2 ORDER BY client_id LIMIT $3`
const SELECT_REVOKED = 'SELECT client_id FROM api_clients WHERE revoked_at >= $1 ORDER BY revoked_at'

type Methods = Pick<
  Directory,
  'createApiClient' | 'createFirstApiClient' | 'updateApiClient' | 'apiClient' | 'apiClients' | 'revokedApiClients'
>

export function apiClientMethods(db: Database): Methods {
  return {
    async createApiClient(client) {
      await db.query(INSERT, ...toColumns(client))
    },
    createFirstApiClient: (client) =>
      db.transaction(async (tx) => {
        await tx.query(LOCK_TENANT, client.tenantId)
        if ((await tx.query(SELECT_ANY, client.tenantId)).length > 0) return false
        await tx.query(INSERT, ...toColumns(client))
        return true
      }),
    async updateApiClient(clientId, change) {
      const [row] =
        change.kind === 'revoke'
          ? await db.query<ApiClientColumns>(REVOKE, clientId, change.revokedAt)
          : await db.query<ApiClientColumns>(CHANGE_SECRET, clientId, change.secretHash, change.previousSecretExpiresAt ?? null)
      return row && toApiClient(row)
    },
    async apiClient(clientId) {
      const [row] = await db.query<ApiClientColumns>(SELECT, clientId)
      return row && toApiClient(row)
    },
    async apiClients(tenantId, after, limit) {
      return (await db.query<ApiClientColumns>(SELECT_PAGE, tenantId, after, limit)).map(toApiClient)
    },
    async revokedApiClients(since) {
      return (await db.query<Pick<ApiClientColumns, 'client_id'>>(SELECT_REVOKED, since)).map((row) => row.client_id)
    },
  }
}

function toColumns(client: ApiClientRow) {
  return [
    client.clientId,
    client.tenantId,
    client.name,
    client.role,
    client.secretHash,
    client.previousSecretHash ?? null,
    client.previousSecretExpiresAt ?? null,
    client.createdAt,
    client.revokedAt ?? null,
  ] as const
}

function toApiClient(row: ApiClientColumns): ApiClientRow {
  return {
    clientId: row.client_id,
    tenantId: row.tenant_id,
    name: row.name,
    role: row.role,
    secretHash: bytes(row.secret_hash),
    ...optional('previousSecretHash', row.previous_secret_hash && bytes(row.previous_secret_hash)),
    ...optionalTime('previousSecretExpiresAt', row.previous_secret_expires_at),
    createdAt: Number(row.created_at),
    ...optionalTime('revokedAt', row.revoked_at),
  }
}
