import { writeFileSync } from 'node:fs'
import { type ApiClient, ApiClientRole, type ChatClient, type Tenant, timestampDate } from '@chat4all/sdk'
import { Command } from 'commander'
import { count } from '../arguments.ts'
import type { Context } from '../context.ts'
import { examples } from '../help.ts'
import { clock } from '../message-line.ts'
import { paged } from '../paging.ts'

const TENANT_TITLES = ['TENANT', 'NAME', 'CREATED']
const CLIENT_TITLES = ['API CLIENT', 'TENANT', 'ROLE', 'CREATED', 'STATE', 'NAME']

export function adminCommand(context: Context): Command {
  const command = new Command('admin').description('manage tenants, API clients and signing keys')
  command.addCommand(tenants(context)).addCommand(clients(context)).addCommand(keys(context))
  return examples(command, 'chat4all admin tenants list', 'chat4all admin clients create "Web shop" --out shop.json')
}

function tenants(context: Context): Command {
  const command = new Command('tenants').description('list and create tenants (operators only)')
  const list = new Command('list')
    .description('list all tenants')
    .action(() => context.output.list(TENANT_TITLES, allTenants(context.client()), tenantRow))
  const create = new Command('create')
    .description('create a tenant')
    .argument('<tenant>', 'its id: a-z 0-9 -')
    .option('--name <name>', 'what people see')
    .action(async (tenantId: string, { name = '' }: { name?: string }) => {
      const { tenant } = await context.client().api.admin.createTenant({ tenantId, name })
      await context.output.list(TENANT_TITLES, [tenant!], tenantRow)
    })
  command.addCommand(examples(list, 'chat4all admin tenants list'))
  command.addCommand(examples(create, 'chat4all admin tenants create acme --name "Acme Ltd"'))
  return examples(command, 'chat4all admin tenants list', 'chat4all admin tenants create acme --name "Acme Ltd"')
}

function clients(context: Context): Command {
  const command = new Command('clients').description('create, list, rotate and revoke API clients')
  for (const create of [listClients, createClient, rotateClient, revokeClient]) command.addCommand(create(context))
  return examples(command, 'chat4all admin clients list', 'chat4all admin clients create "Web shop" --out shop.json')
}

function listClients(context: Context): Command {
  const command = new Command('list')
    .description('list the API clients of a tenant')
    .option('--tenant <id>', 'another tenant (operators only)')
    .action(({ tenant = '' }: { tenant?: string }) => context.output.list(CLIENT_TITLES, allClients(context.client(), tenant), clientRow))
  return examples(command, 'chat4all admin clients list', 'chat4all admin clients list --tenant acme')
}

interface CreateOptions {
  readonly tenant?: string
  readonly operator?: true
  readonly out?: string
}

function createClient(context: Context): Command {
  const command = new Command('create')
    .description('create an API client, and show its credentials: the only time the secret is seen')
    .argument('[name]', 'what people see')
    .option('--tenant <id>', 'another tenant (operators only)')
    .option('--operator', 'it may manage all tenants (operators only)')
    .option('--out <file>', 'write the credentials to this new file, for --credentials')
    .action(async (name = '', { tenant: tenantId = '', operator, out }: CreateOptions) => {
      const role = operator ? ApiClientRole.OPERATOR : ApiClientRole.TENANT
      const { apiClient, clientSecret } = await context.client().api.admin.createApiClient({ tenantId, name, role })
      showCredentials(context, apiClient!.tenantId, apiClient!.clientId, clientSecret, out)
    })
  return examples(command, 'chat4all admin clients create "Web shop" --out shop.json', 'chat4all admin clients create "Shop" --tenant acme')
}

function rotateClient(context: Context): Command {
  const command = new Command('rotate')
    .description('give an API client a new secret')
    .argument('<client>', 'its id')
    .option('--grace <seconds>', 'how long the old secret still works (default: not at all)', count)
    .option('--out <file>', 'write the credentials to this new file, for --credentials')
    .action(async (clientId: string, { grace = 0, out }: { grace?: number; out?: string }) => {
      const { clientSecret } = await context.client().api.admin.rotateApiClientSecret({ clientId, graceSeconds: grace })
      showCredentials(context, context.found.credentials.tenant_id, clientId, clientSecret, out)
    })
  return examples(command, 'chat4all admin clients rotate CLIENT --grace 3600 --out shop.json')
}

function revokeClient(context: Context): Command {
  const command = new Command('revoke')
    .description('revoke an API client: its secret and tokens stop working at once')
    .argument('<client>', 'its id')
    .action(async (clientId: string) => {
      const { apiClient } = await context.client().api.admin.revokeApiClient({ clientId })
      await context.output.list(CLIENT_TITLES, [apiClient!], clientRow)
    })
  return examples(command, 'chat4all admin clients revoke CLIENT')
}

function keys(context: Context): Command {
  const command = new Command('keys').description('manage the keys that sign tokens (operators only)')
  const rotate = new Command('rotate').description('sign new tokens with a new key; tokens that are out stay valid').action(async () => {
    const answer = await context.client().api.admin.rotateSigningKey({})
    context.output.one(answer, `new key ${answer.keyId}`)
  })
  command.addCommand(examples(rotate, 'chat4all admin keys rotate'))
  return examples(command, 'chat4all admin keys rotate')
}

function showCredentials(context: Context, tenant: string | undefined, client: string, secret: string, out?: string): void {
  const credentials = { ...(tenant !== undefined && { tenant_id: tenant }), client_id: client, client_secret: secret }
  if (out === undefined) return context.output.line(JSON.stringify(credentials, null, context.output.json ? 0 : 2))
  writeFileSync(out, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  context.output.line(
    context.output.json ? JSON.stringify({ client_id: client, file: out }) : `API client ${client}: credentials in ${out}`,
  )
}

const allTenants = ({ api }: ChatClient): AsyncIterable<Tenant> =>
  paged(async (pageToken) => {
    const { tenants: items, nextPageToken } = await api.admin.listTenants({ pageSize: 200, pageToken })
    return { items, nextPageToken }
  })

const allClients = ({ api }: ChatClient, tenantId: string): AsyncIterable<ApiClient> =>
  paged(async (pageToken) => {
    const { apiClients: items, nextPageToken } = await api.admin.listApiClients({ tenantId, pageSize: 200, pageToken })
    return { items, nextPageToken }
  })

function tenantRow({ tenantId, name, createTime }: Tenant): readonly string[] {
  return [tenantId, name || '-', createTime ? clock(timestampDate(createTime)) : '-']
}

function clientRow({ clientId, tenantId, role, createTime, revokeTime, name }: ApiClient): readonly string[] {
  const created = createTime ? clock(timestampDate(createTime)) : '-'
  return [clientId, tenantId, ApiClientRole[role].toLowerCase(), created, revokeTime ? 'revoked' : 'active', name || '-']
}
