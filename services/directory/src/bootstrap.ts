import { type Clock, newId } from '@chat4all/base'
import { ApiClientRole } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { AlreadyExists, type Directory } from '@chat4all/ports'
import { hashSecret } from './domain/secrets.ts'
import { newSecret } from './new-secret.ts'

const TENANT_ID = 'default'

/** What the first caller needs. */
export interface Credentials {
  readonly tenant_id: string
  readonly client_id: string
  readonly client_secret: string
}

/** Creates the tenant `default` and its first API client, an operator, if there is none. Resolves to its credentials then, and to undefined ever after. Of several processes at once, one does.
 *  `save` keeps new credentials where people find them, and resolves to those that are kept there then: others, if another process was first. It runs before they work: a crash in between makes the next start create others, and never leaves a client whose secret nobody has.
 *  `given` are credentials that people have already: these begin to work, and nothing is saved. */
export async function bootstrap(
  directory: Directory,
  clock: Clock,
  save: (fresh: Credentials) => Promise<Credentials> = async (fresh) => fresh,
  given?: Credentials,
): Promise<Credentials | undefined> {
  await createTenant(directory, clock.now())
  const clients = await directory.apiClients(TENANT_ID, '', 1)
  if (clients.length > 0) return undefined
  const credentials = given ?? (await save({ tenant_id: TENANT_ID, client_id: newId(), client_secret: newSecret() }))
  if (credentials.tenant_id !== TENANT_ID) throw new Error(`the first API client belongs to the tenant ${TENANT_ID}`)
  const created = await directory.createFirstApiClient({
    clientId: credentials.client_id,
    tenantId: TENANT_ID,
    name: 'First operator',
    role: ApiClientRole.OPERATOR,
    secretHash: hashSecret(credentials.client_secret),
    createdAt: clock.now(),
  })
  return created ? credentials : undefined
}

async function createTenant(directory: Directory, createdAt: number): Promise<void> {
  if (await directory.tenant(TENANT_ID)) return
  await directory.createTenant({ tenantId: TENANT_ID, name: 'Default', createdAt }).catch((error: unknown) => {
    if (!(error instanceof AlreadyExists)) throw error
  })
}
