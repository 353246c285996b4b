import { AdminService, ApiClientRole, type VerifyIntegrityResponse } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { refused } from '../support/refusal.ts'
import { type Person, type Tenant, World } from '../support/world.ts'

const { createTenant, listTenants, createApiClient, listApiClients, rotateApiClientSecret, revokeApiClient, verifyIntegrity } =
  AdminService.method
const INVALID = 'UNAUTHENTICATED CREDENTIALS_INVALID'

let world: World
let acme: Tenant
beforeAll(async () => {
  world = await World.start()
  acme = await world.tenant()
})
afterAll(() => world[Symbol.asyncDispose]())

const signIn = (clientId: string, clientSecret: string) =>
  refused(world.client().call(AuthService.method.createToken, { clientId, clientSecret }))

async function newClient() {
  const { apiClient, clientSecret } = await acme.call(createApiClient, { name: 'rotates' })
  return { clientId: apiClient!.clientId, secret: clientSecret }
}

it('a secret that is rotated with a grace works on for that time, and then no longer', async () => {
  const { clientId, secret } = await newClient()
  const { clientSecret: fresh } = await acme.call(rotateApiClientSecret, { clientId, graceSeconds: 2 })
  expect([await signIn(clientId, secret), await signIn(clientId, fresh)]).toEqual(['OK', 'OK'])
  await expect.poll(() => signIn(clientId, secret), { timeout: 5_000 }).toBe(INVALID)
  expect(await signIn(clientId, fresh)).toBe('OK')
})

it('a secret that is rotated without a grace stops at once, and so does one rotated twice', async () => {
  const { clientId, secret } = await newClient()
  const { clientSecret: second } = await acme.call(rotateApiClientSecret, { clientId })
  expect([await signIn(clientId, secret), await signIn(clientId, second)]).toEqual([INVALID, 'OK'])
  const { clientSecret: third } = await acme.call(rotateApiClientSecret, { clientId, graceSeconds: 600 })
  const { clientSecret: fourth } = await acme.call(rotateApiClientSecret, { clientId, graceSeconds: 600 })
  expect(await Promise.all([second, third, fourth].map((each) => signIn(clientId, each)))).toEqual([INVALID, 'OK', 'OK'])
})

it('tokens that are out outlive a rotated secret, and secrets outlive a restart', async () => {
  const { clientId, secret } = await newClient()
  const client = world.track(await world.server.apiClient({ client_id: clientId, client_secret: secret }))
  const { clientSecret: fresh } = await acme.call(rotateApiClientSecret, { clientId, graceSeconds: 600 })
  expect(await refused(client.call(listApiClients, {}))).toBe('OK')
  await world.server.kill()
  await world.server.restart()
  await expect.poll(() => signIn(clientId, fresh), { timeout: 10_000 }).toBe('OK')
  expect([await signIn(clientId, secret), await signIn(clientId, 'wrong')]).toEqual(['OK', INVALID])
})

it('API clients are listed without their secrets, and stay listed when they are revoked', async () => {
  const bolt = await world.tenant()
  const { apiClient } = await bolt.call(createApiClient, { name: 'second' })
  await bolt.call(revokeApiClient, { clientId: apiClient!.clientId })
  const seen = []
  for (let pageToken = '', first = true; first || pageToken !== ''; first = false) {
    const page = await bolt.call(listApiClients, { pageSize: 1, pageToken })
    seen.push(...page.apiClients)
    pageToken = page.nextPageToken
  }
  expect(seen.map(({ name, revokeTime }) => [name, revokeTime === undefined]).toSorted()).toEqual([
    ['second', false],
    ['tests', true],
  ])
  expect(seen.every(({ role, tenantId }) => role === ApiClientRole.TENANT && tenantId === bolt.tenantId)).toBe(true)
  expect(JSON.stringify(Object.keys(seen[0]!))).not.toMatch(/secret/i)
})

it('an operator of a tenant manages all of them', async () => {
  const { apiClient, clientSecret } = await world.operator.call(createApiClient, { tenantId: acme.tenantId, role: ApiClientRole.OPERATOR })
  const operator = world.track(await world.server.apiClient({ client_id: apiClient!.clientId, client_secret: clientSecret }))
  await operator.call(createTenant, { tenantId: 'made-by-acme', name: 'Made' })
  const { tenants } = await world.operator.call(listTenants, { pageSize: 200 })
  expect(tenants.find(({ tenantId }) => tenantId === 'made-by-acme')).toMatchObject({ name: 'Made' })
  const made = await operator.call(createApiClient, { tenantId: 'made-by-acme' })
  expect(await signIn(made.apiClient!.clientId, made.clientSecret)).toBe('OK')
})

it('a tenant is checked by itself, all of them by an operator, and what is there is found to be whole', async () => {
  const bolt = await world.tenant()
  const [ana, bo] = (await bolt.people('ana', 'bo')) as [Person, Person]
  for (const room of [await bolt.group(ana, bo), await bolt.pair(ana, bo)]) for (let i = 0; i < 10; i++) await ana.say(room, `${i}`)
  const check = async (client: Tenant['client'], tenantId = '') => {
    const answers: VerifyIntegrityResponse[] = await client.collect(verifyIntegrity, { tenantId })
    const last = answers.at(-1)?.event
    const findings = answers.filter(({ event }) => event.case === 'finding')
    return { findings, last: last?.case === 'progress' ? last.value : undefined }
  }
  expect(await check(bolt.client)).toMatchObject({ findings: [], last: { conversations: 2n, messages: 20n, findings: 0n, done: true } })
  expect(await check(world.operator, bolt.tenantId)).toMatchObject({ findings: [], last: { conversations: 2n, messages: 20n, done: true } })
  const everything = await check(world.operator)
  expect([everything.findings, everything.last!.conversations >= 2n]).toEqual([[], true])
})

it('a token of a user says when it ends, and one may be minted for a second', async () => {
  await acme.people('ana')
  const { expireTime, tokenType } = await acme.call(AuthService.method.createUserToken, { userId: 'ana', ttl: { seconds: 60n } })
  const seconds = Number(expireTime!.seconds) - Date.now() / 1000
  expect([tokenType, seconds > 55 && seconds < 62]).toEqual(['Bearer', true])
  const brief = await acme.person('ana', 1)
  expect(await refused(brief.call(UserService.method.getUser, { userId: 'ana' }))).toBe('OK')
  await expect
    .poll(() => refused(brief.call(UserService.method.getUser, { userId: 'ana' })), { timeout: 5_000 })
    .toBe('UNAUTHENTICATED TOKEN_INVALID')
})
