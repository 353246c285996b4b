import { newId } from '@chat4all/base'
import { ApiClientRole } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fixture, refuses, startFixture } from './fixture.ts'

let fixture: Fixture
let tenantId: string
beforeAll(async () => {
  fixture = await startFixture()
  tenantId = await fixture.newTenant()
})
afterAll(() => fixture[Symbol.asyncDispose]())

const signIn = (clientId: string, clientSecret: string) => fixture.anonymous.auth.createToken({ clientId, clientSecret })

describe('CreateTenant', () => {
  it('creates a tenant once', async () => {
    const { admin } = fixture.operator(tenantId)
    const ask = { tenantId: `t${newId()}`, name: 'Müller & Söhne' }
    expect((await admin.createTenant(ask)).tenant).toMatchObject(ask)
    await refuses(admin.createTenant(ask), 'TENANT_EXISTS')
  })

  it('is for operators', async () => {
    await refuses(fixture.client(tenantId).admin.createTenant({ tenantId: 'mine' }), 'ACCESS_DENIED')
  })
})

describe('ListTenants', () => {
  it('pages through all tenants by id, for operators', async () => {
    const ids = [await fixture.newTenant(), await fixture.newTenant(), await fixture.newTenant()].sort()
    const { admin } = fixture.operator(tenantId)
    const seen: string[] = []
    let pageToken = ''
    do {
      const page = await admin.listTenants({ pageSize: 2, pageToken })
      seen.push(...page.tenants.map((tenant) => tenant.tenantId))
      pageToken = page.nextPageToken
    } while (pageToken !== '')
    expect(seen).toEqual(seen.toSorted())
    expect(seen).toEqual(expect.arrayContaining(ids))
    await refuses(fixture.client(tenantId).admin.listTenants({}), 'ACCESS_DENIED')
  })
})

describe('CreateApiClient', () => {
  it('creates a client of the own tenant whose secret signs in', async () => {
    const { apiClient, clientSecret } = await fixture.client(tenantId).admin.createApiClient({ name: 'Server' })
    expect(apiClient).toMatchObject({ tenantId, name: 'Server', role: ApiClientRole.TENANT })
    expect(clientSecret).toMatch(/^[\w-]{43}$/)
    expect((await signIn(apiClient!.clientId, clientSecret)).tenantId).toBe(tenantId)
  })

  it('keeps nothing that would give the secret away', async () => {
    const { apiClient, clientSecret } = await fixture.client(tenantId).admin.createApiClient({})
    const row = await fixture.directory.apiClient(apiClient!.clientId)
    expect(Buffer.from(row!.secretHash).includes(clientSecret)).toBe(false)
    expect(row!.secretHash).toHaveLength(32)
  })

  it('lets operators create clients of any tenant that exists', async () => {
    const other = await fixture.newTenant()
    const { admin } = fixture.operator(tenantId)
    const { apiClient } = await admin.createApiClient({ tenantId: other, role: ApiClientRole.OPERATOR })
    expect(apiClient).toMatchObject({ tenantId: other, role: ApiClientRole.OPERATOR })
    await refuses(admin.createApiClient({ tenantId: 'nobody' }), 'TENANT_NOT_FOUND')
  })

  it('shows other tenants to nobody else, and makes operators of nobody', async () => {
    const { admin } = fixture.client(tenantId)
    await refuses(admin.createApiClient({ tenantId: await fixture.newTenant() }), 'TENANT_NOT_FOUND')
    await refuses(admin.createApiClient({ tenantId: 'nobody' }), 'TENANT_NOT_FOUND')
    await refuses(admin.createApiClient({ role: ApiClientRole.OPERATOR }), 'ACCESS_DENIED')
  })
})

describe('ListApiClients', () => {
  it('pages through the clients of a tenant by id', async () => {
    const own = await fixture.newTenant()
    const { admin } = fixture.client(own)
    const created = [await admin.createApiClient({}), await admin.createApiClient({}), await admin.createApiClient({})]
    const ids = created.map(({ apiClient }) => apiClient!.clientId).sort()
    const first = await admin.listApiClients({ pageSize: 2 })
    const second = await fixture.operator(tenantId).admin.listApiClients({ tenantId: own, pageToken: first.nextPageToken })
    expect([...first.apiClients, ...second.apiClients].map((client) => client.clientId)).toEqual(ids)
    await refuses(fixture.client(tenantId).admin.listApiClients({ pageToken: first.nextPageToken }), 'TOKEN_MISMATCH')
  })

  it('shows other tenants to operators only', async () => {
    await refuses(fixture.client(tenantId).admin.listApiClients({ tenantId: await fixture.newTenant() }), 'TENANT_NOT_FOUND')
    await refuses(fixture.operator(tenantId).admin.listApiClients({ tenantId: 'nobody' }), 'TENANT_NOT_FOUND')
  })
})

describe('RotateApiClientSecret', () => {
  const newClient = async () => {
    const { apiClient, clientSecret } = await fixture.client(tenantId).admin.createApiClient({})
    return { clientId: apiClient!.clientId, first: clientSecret }
  }

  it('lets the old secret work for the grace period', async () => {
    const { clientId, first } = await newClient()
    const { clientSecret } = await fixture.client(tenantId).admin.rotateApiClientSecret({ clientId, graceSeconds: 60 })
    await signIn(clientId, clientSecret)
    await signIn(clientId, first)
    fixture.clock.advance(60_000)
    await signIn(clientId, clientSecret)
    await refuses(signIn(clientId, first), 'CREDENTIALS_INVALID')
  })

  it('ends the old secret at once without one', async () => {
    const { clientId, first } = await newClient()
    const { clientSecret } = await fixture.client(tenantId).admin.rotateApiClientSecret({ clientId })
    await signIn(clientId, clientSecret)
    await refuses(signIn(clientId, first), 'CREDENTIALS_INVALID')
  })

  it('does not find clients that are unknown, of another tenant, or revoked', async () => {
    const { clientId } = await newClient()
    const other = await fixture.newTenant()
    await refuses(fixture.client(tenantId).admin.rotateApiClientSecret({ clientId: 'nobody' }), 'API_CLIENT_NOT_FOUND')
    await refuses(fixture.client(other).admin.rotateApiClientSecret({ clientId }), 'API_CLIENT_NOT_FOUND')
    await fixture.operator(other).admin.rotateApiClientSecret({ clientId })
    await fixture.client(tenantId).admin.revokeApiClient({ clientId })
    await refuses(fixture.client(tenantId).admin.rotateApiClientSecret({ clientId }), 'API_CLIENT_NOT_FOUND')
  })

  it('gives no secret of an operator to others', async () => {
    const { apiClient } = await fixture.operator(tenantId).admin.createApiClient({ role: ApiClientRole.OPERATOR })
    const { clientId } = apiClient!
    await refuses(fixture.client(tenantId).admin.rotateApiClientSecret({ clientId }), 'ACCESS_DENIED')
    await refuses(fixture.client(tenantId).admin.revokeApiClient({ clientId }), 'ACCESS_DENIED')
  })
})

describe('RevokeApiClient', () => {
  it('revokes a client, tells the gateways, and changes nothing when repeated', async () => {
    const { admin } = fixture.client(tenantId)
    const { clientId } = (await admin.createApiClient({})).apiClient!
    const first = await admin.revokeApiClient({ clientId })
    expect(Number(first.apiClient!.revokeTime!.seconds) * 1000).toBe(fixture.clock.now())
    expect(fixture.gateway.taken.at(-1)).toMatchObject({ tenantId, kind: { case: 'revokedClientId', value: clientId } })
    expect((await fixture.internal.listRevocations({})).clientIds).toContain(clientId)
    fixture.clock.advance(1000)
    expect((await admin.revokeApiClient({ clientId })).apiClient).toEqual(first.apiClient)
  })

  it('does not find clients that are unknown or of another tenant', async () => {
    const { clientId } = (await fixture.client(tenantId).admin.createApiClient({})).apiClient!
    await refuses(fixture.client(tenantId).admin.revokeApiClient({ clientId: 'nobody' }), 'API_CLIENT_NOT_FOUND')
    await refuses(fixture.client(await fixture.newTenant()).admin.revokeApiClient({ clientId }), 'API_CLIENT_NOT_FOUND')
  })

  it('refuses the caller itself', async () => {
    const { clientId } = (await fixture.client(tenantId).admin.createApiClient({})).apiClient!
    await refuses(fixture.client(tenantId, clientId).admin.revokeApiClient({ clientId }), 'SELF_REVOCATION')
  })
})
