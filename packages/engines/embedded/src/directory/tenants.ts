import type { DatabaseSync } from 'node:sqlite'
import { AlreadyExists, type ApiClientChange, type ApiClientRow, type TenantRow } from '@chat4all/ports'
import { optional, read, write } from './operation.ts'

interface TenantColumns {
  readonly tenant_id: string
  readonly name: string
  readonly created_at: number
}

interface ApiClientColumns extends TenantColumns {
  readonly client_id: string
  readonly role: number
  readonly secret_hash: Uint8Array
  readonly previous_secret_hash: Uint8Array | null
  readonly previous_secret_expires_at: number | null
  readonly revoked_at: number | null
}

export function tenantOperations(db: DatabaseSync) {
  const insertTenant = db.prepare('INSERT INTO tenants VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
  const selectTenant = db.prepare('SELECT * FROM tenants WHERE tenant_id = ?')
  const selectTenants = db.prepare('SELECT * FROM tenants WHERE tenant_id > ? ORDER BY tenant_id LIMIT ?')
  return {
    createTenant: write((tenant: TenantRow) => {
      const { changes } = insertTenant.run(tenant.tenantId, tenant.name, tenant.createdAt)
      if (changes === 0) throw new AlreadyExists('tenant')
    }),
    tenant: read((tenantId: string) => {
      const row = selectTenant.get(tenantId)
      return row && toTenant(row as unknown as TenantColumns)
    }),
    tenants: read((after: string, limit: number) => (selectTenants.all(after, limit) as unknown as TenantColumns[]).map(toTenant)),
  }
}

const CHANGE_SECRET = `
UPDATE api_clients SET secret_hash = ?2, previous_secret_hash = iif(?3 IS NULL, NULL, secret_hash), previous_secret_expires_at = ?3
WHERE client_id = ?1 RETURNING *`

export function apiClientOperations(db: DatabaseSync) {
  const changeSecret = db.prepare(CHANGE_SECRET)
  const revoke = db.prepare('UPDATE api_clients SET revoked_at = coalesce(revoked_at, ?2) WHERE client_id = ?1 RETURNING *')
  const insert = db.prepare('INSERT INTO api_clients VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const select = db.prepare('SELECT * FROM api_clients WHERE client_id = ?')
  const selectPage = db.prepare('SELECT * FROM api_clients WHERE tenant_id = ? AND client_id > ? ORDER BY client_id LIMIT ?')
  const selectRevoked = db.prepare('SELECT client_id FROM api_clients WHERE revoked_at >= ? ORDER BY revoked_at')
  const create = (client: ApiClientRow): void => {
    insert.run(
      client.clientId,
      client.tenantId,
      client.name,
      client.role,
      client.secretHash,
      client.previousSecretHash ?? null,
      client.previousSecretExpiresAt ?? null,
      client.createdAt,
      client.revokedAt ?? null,
    )
  }
  return {
    createApiClient: write(create),
    createFirstApiClient: write((client: ApiClientRow) => {
      if (selectPage.get(client.tenantId, '', 1) !== undefined) return false
      create(client)
      return true
    }),
    updateApiClient: write((clientId: string, change: ApiClientChange) => {
      const row =
        change.kind === 'revoke'
          ? revoke.get(clientId, change.revokedAt)
          : changeSecret.get(clientId, change.secretHash, change.previousSecretExpiresAt ?? null)
      return row && toApiClient(row as unknown as ApiClientColumns)
    }),
    apiClient: read((clientId: string) => {
      const row = select.get(clientId)
      return row && toApiClient(row as unknown as ApiClientColumns)
    }),
    apiClients: read((tenantId: string, after: string, limit: number) =>
      (selectPage.all(tenantId, after, limit) as unknown as ApiClientColumns[]).map(toApiClient),
    ),
    revokedApiClients: read((since: number) => selectRevoked.all(since).map((row) => row.client_id)),
  }
}

function toTenant(row: TenantColumns): TenantRow {
  return { tenantId: row.tenant_id, name: row.name, createdAt: row.created_at }
}

function toApiClient(row: ApiClientColumns): ApiClientRow {
  return {
    clientId: row.client_id,
    tenantId: row.tenant_id,
    name: row.name,
    role: row.role,
    secretHash: row.secret_hash,
    ...optional('previousSecretHash', row.previous_secret_hash),
    ...optional('previousSecretExpiresAt', row.previous_secret_expires_at),
    createdAt: row.created_at,
    ...optional('revokedAt', row.revoked_at),
  }
}
