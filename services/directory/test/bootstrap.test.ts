import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApiClientRole } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bootstrap, type Credentials, keepCredentials } from '../src/index.ts'
import { type Fixture, startFixture } from './fixture.ts'

let fixture: Fixture
beforeEach(async () => {
  fixture = await startFixture()
})
afterEach(() => fixture[Symbol.asyncDispose]())

describe('bootstrap', () => {
  it('creates the first tenant and an operator whose credentials work, once', async () => {
    const { directory, clock } = fixture
    const credentials = (await bootstrap(directory, clock))!
    expect(credentials.tenant_id).toBe('default')
    const { client_id: clientId, client_secret: clientSecret } = credentials
    expect((await fixture.anonymous.auth.createToken({ clientId, clientSecret })).tenantId).toBe('default')
    expect((await directory.apiClient(clientId))!.role).toBe(ApiClientRole.OPERATOR)
    expect(await bootstrap(directory, clock)).toBeUndefined()
  })

  it('starts over when the credentials could not be kept', async () => {
    const { directory, clock } = fixture
    const failing = () => Promise.reject(new Error('no space'))
    await expect(bootstrap(directory, clock, failing)).rejects.toThrow('no space')
    const kept: Credentials[] = []
    const keep = async (saved: Credentials) => {
      kept.push(saved)
      return saved
    }
    const credentials = await bootstrap(directory, clock, keep)
    expect(kept).toEqual([credentials])
    expect(await directory.apiClients('default', '', 10)).toHaveLength(1)
  })

  it('lets credentials work that are there already, and writes none', async () => {
    const { directory, clock } = fixture
    const given = { tenant_id: 'default', client_id: '0192d0a0-0000-7000-8000-000000000001', client_secret: 'from another start' }
    expect(await bootstrap(directory, clock, () => expect.fail('nothing is to be saved'), given)).toEqual(given)
    const { client_id: clientId, client_secret: clientSecret } = given
    expect((await fixture.anonymous.auth.createToken({ clientId, clientSecret })).tenantId).toBe('default')
  })

  it('makes one client of several that start at once, whose credentials are in the file that they share', async () => {
    const { directory, clock } = fixture
    const folder = await mkdtemp(join(tmpdir(), 'bootstrap-'))
    const file = join(folder, 'credentials.json')
    const start = async () => bootstrap(directory, clock, (fresh) => keepCredentials(file, fresh))
    const made = (await Promise.all([start(), start(), start(), start()])).filter((credentials) => credentials !== undefined)
    expect(await directory.apiClients('default', '', 10)).toHaveLength(1)
    expect(made).toEqual([JSON.parse(await readFile(file, 'utf8'))])
    const { client_id: clientId, client_secret: clientSecret } = made[0]!
    expect((await fixture.anonymous.auth.createToken({ clientId, clientSecret })).tenantId).toBe('default')
    expect(await readdir(folder)).toEqual(['credentials.json'])
    await rm(folder, { recursive: true })
  })
})
