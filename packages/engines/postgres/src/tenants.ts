import type { Directory, TenantRow } from '@chat4all/ports'
import type { Database } from './database.ts'

interface TenantColumns {
  readonly tenant_id: string
  readonly name: string
  readonly created_at: bigint
}

const INSERT = 'INSERT INTO tenants (tenant_id, name, created_at) VALUES ($1, $2, $3)'
const SELECT = 'SELECT tenant_id, name, created_at FROM tenants WHERE tenant_id = $1'
const SELECT_PAGE = 'SELECT tenant_id, name, created_at FROM tenants WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2'

export function tenantMethods(db: Database): Pick<Directory, 'createTenant' | 'tenant' | 'tenants'> {
  return {
    async createTenant({ tenantId, name, createdAt }) {
      await db.query(INSERT, tenantId, name, createdAt)
    },
    async tenant(tenantId) {
      const [row] = await db.query<TenantColumns>(SELECT, tenantId)
      return row && toTenant(row)
    },
    async tenants(after, limit) {
      return (await db.query<TenantColumns>(SELECT_PAGE, after, limit)).map(toTenant)
    },
  }
}

function toTenant(row: TenantColumns): TenantRow {
  return { tenantId: row.tenant_id, name: row.name, createdAt: Number(row.created_at) }
}
