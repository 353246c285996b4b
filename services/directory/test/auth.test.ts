import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fixture, refuses, startFixture, userPrincipal } from './fixture.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await startFixture()
})
afterAll(() => fixture[Symbol.asyncDispose]())

const newClient = async (tenantId: string) => {
  const { apiClient, clientSecret } = await fixture.client(tenantId).admin.createApiClient({ name: 'Server' })
  return { clientId: apiClient!.clientId, clientSecret }
}
const newUserToken = async (tenantId: string, userId: string) => {
  await fixture.client(tenantId).users.upsertUser({ user: { userId } })
  return fixture.client(tenantId).auth.createUserToken({ userId })
}

describe('CreateToken', () => {
  it('signs a token for an hour that the published keys verify', async () => {
    const tenantId = await fixture.newTenant()
    const client = await newClient(tenantId)
    const answer = await fixture.anonymous.auth.createToken(client)
    expect(answer).toMatchObject({ tokenType: 'Bearer', tenantId })
    expect(Number(answer.expireTime!.seconds) * 1000).toBe(fixture.clock.now() + 3600_000)

    const { payload } = await jwtVerify(answer.accessToken, createLocalJWKSet(JSON.parse(await fixture.service.jwks())), {
      issuer: 'chat4all',
      audience: 'chat4all',
      algorithms: ['EdDSA'],
      currentDate: new Date(fixture.clock.now()),
    })
    expect(payload).toMatchObject({ sub: `client:${client.clientId}`, tid: tenantId, cid: client.clientId, op: false })
    expect(payload.exp! * 1000).toBe(fixture.clock.now() + 3600_000)
    expect(payload.jti).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('marks the tokens of operators', async () => {
    const tenantId = await fixture.newTenant()
    const { apiClient, clientSecret } = await fixture.operator(tenantId).admin.createApiClient({ role: 2 })
    const { accessToken } = await fixture.anonymous.auth.createToken({ clientId: apiClient!.clientId, clientSecret })
    expect(decodeJwt(accessToken)).toMatchObject({ op: true })
  })

  it('answers the same to an unknown id, a wrong secret and a revoked client', async () => {
    const tenantId = await fixture.newTenant()
    const { clientId, clientSecret } = await newClient(tenantId)
    const { createToken } = fixture.anonymous.auth
    await refuses(createToken({ clientId: 'nobody', clientSecret }), 'CREDENTIALS_INVALID')
    await refuses(createToken({ clientId, clientSecret: `${clientSecret}x` }), 'CREDENTIALS_INVALID')
    await fixture.client(tenantId).admin.revokeApiClient({ clientId })
    await refuses(createToken({ clientId, clientSecret }), 'CREDENTIALS_INVALID')
  })
})

describe('CreateUserToken', () => {
  it('signs a token for one user, for an hour by default', async () => {
    const tenantId = await fixture.newTenant()
    const { accessToken, expireTime } = await newUserToken(tenantId, 'ana')
    expect(decodeJwt(accessToken)).toMatchObject({ sub: 'user:ana', tid: tenantId, cid: 'server', op: false })
    expect(Number(expireTime!.seconds) * 1000).toBe(fixture.clock.now() + 3600_000)
  })

  it('lets the token live as long as asked', async () => {
    const tenantId = await fixture.newTenant()
    await newUserToken(tenantId, 'ana')
    const ask = { userId: 'ana', ttl: { seconds: 2n, nanos: 500_000_000 } }
    const { expireTime } = await fixture.client(tenantId).auth.createUserToken(ask)
    expect(Number(expireTime!.seconds) * 1000).toBe(fixture.clock.now() + 3000)
  })

  it('refuses unknown users, those of other tenants, and deactivated ones', async () => {
    const [tenantId, other] = [await fixture.newTenant(), await fixture.newTenant()]
    await newUserToken(tenantId, 'ana')
    await refuses(fixture.client(tenantId).auth.createUserToken({ userId: 'nobody' }), 'USER_NOT_FOUND', { user_id: 'nobody' })
    await refuses(fixture.client(other).auth.createUserToken({ userId: 'ana' }), 'USER_NOT_FOUND', { user_id: 'ana' })
    await fixture.client(tenantId).users.deactivateUser({ userId: 'ana' })
    await refuses(fixture.client(tenantId).auth.createUserToken({ userId: 'ana' }), 'USER_DEACTIVATED', { user_id: 'ana' })
  })

  it('is not for users', async () => {
    const tenantId = await fixture.newTenant()
    await refuses(fixture.user(tenantId, 'ana').auth.createUserToken({ userId: 'ana' }), 'ACCESS_DENIED')
  })
})

describe('RevokeToken', () => {
  const revoked = async () => (await fixture.internal.listRevocations({})).tokens.map((token) => token.tokenId)

  it('revokes a token of the tenant and tells the gateways', async () => {
    const tenantId = await fixture.newTenant()
    const { accessToken } = await newUserToken(tenantId, 'ana')
    await fixture.client(tenantId).auth.revokeToken({ token: accessToken })
    const { jti } = decodeJwt(accessToken)
    expect(await revoked()).toContain(jti)
    expect(fixture.gateway.taken.at(-1)).toMatchObject({ tenantId, kind: { case: 'revokedTokenId', value: jti } })
    await fixture.client(tenantId).auth.revokeToken({ token: accessToken })
  })

  it('revokes the token of the call when none is named', async () => {
    const tenantId = await fixture.newTenant()
    const principal = { ...userPrincipal(tenantId, 'ana'), expiresAt: fixture.clock.now() + 1000 }
    await fixture.as(principal).auth.revokeToken({})
    expect(await revoked()).toContain(principal.tokenId)
  })

  it('does nothing for a token that has expired', async () => {
    const tenantId = await fixture.newTenant()
    const { accessToken } = await newUserToken(tenantId, 'ana')
    fixture.clock.advance(3601_000)
    await fixture.client(tenantId).auth.revokeToken({ token: accessToken })
    expect(await revoked()).not.toContain(decodeJwt(accessToken).jti)
  })

  it('forgets revocations when the tokens have expired', async () => {
    const tenantId = await fixture.newTenant()
    const { accessToken } = await newUserToken(tenantId, 'ana')
    await fixture.client(tenantId).auth.revokeToken({ token: accessToken })
    fixture.clock.advance(3601_000)
    expect(await revoked()).not.toContain(decodeJwt(accessToken).jti)
  })

  it('lets users revoke only their own tokens', async () => {
    const tenantId = await fixture.newTenant()
    const [ana, bob] = [await newUserToken(tenantId, 'ana'), await newUserToken(tenantId, 'bob')]
    await fixture.user(tenantId, 'ana').auth.revokeToken({ token: ana.accessToken })
    await refuses(fixture.user(tenantId, 'ana').auth.revokeToken({ token: bob.accessToken }), 'ACCESS_DENIED')
    expect(await revoked()).toContain(decodeJwt(ana.accessToken).jti)
    expect(await revoked()).not.toContain(decodeJwt(bob.accessToken).jti)
  })

  it('refuses tokens of other tenants, forged ones and garbage', async () => {
    const [tenantId, other] = [await fixture.newTenant(), await fixture.newTenant()]
    const { accessToken } = await newUserToken(other, 'ana')
    const { privateKey } = await generateKeyPair('EdDSA')
    const forged = await new SignJWT(decodeJwt(accessToken))
      .setProtectedHeader({ alg: 'EdDSA', kid: decodeProtectedHeader(accessToken).kid! })
      .sign(privateKey)
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${accessToken.split('.')[1]}.`
    for (const token of [accessToken, forged, unsigned, 'garbage', 'a.b.c']) {
      await refuses(fixture.client(tenantId).auth.revokeToken({ token }), 'TOKEN_INVALID')
    }
    for (const token of [forged, unsigned]) await refuses(fixture.client(other).auth.revokeToken({ token }), 'TOKEN_INVALID')
  })

  it('knows tokens that a retired key signed', async () => {
    const tenantId = await fixture.newTenant()
    const { accessToken } = await newUserToken(tenantId, 'ana')
    await fixture.operator(tenantId).admin.rotateSigningKey({})
    await fixture.client(tenantId).auth.revokeToken({ token: accessToken })
    expect(await revoked()).toContain(decodeJwt(accessToken).jti)
  })
})

describe('signing keys', () => {
  const keyIds = async () => {
    const { jwks } = await fixture.internal.listSigningKeys({})
    return (JSON.parse(jwks) as { keys: { kid: string }[] }).keys.map((key) => key.kid)
  }

  it('publishes public parts only', async () => {
    const { keys } = JSON.parse(await fixture.service.jwks()) as { keys: Record<string, string>[] }
    for (const key of keys) {
      expect(key).toEqual({
        kty: 'OKP',
        crv: 'Ed25519',
        x: expect.any(String),
        kid: expect.any(String),
        alg: 'EdDSA',
        use: 'sig',
      })
    }
  })

  it('signs with the new key after a rotation, and verifies with the old one until its tokens have expired', async () => {
    const tenantId = await fixture.newTenant()
    const before = decodeProtectedHeader((await newUserToken(tenantId, 'ana')).accessToken).kid!
    const { keyId } = await fixture.operator(tenantId).admin.rotateSigningKey({})
    expect(decodeProtectedHeader((await newUserToken(tenantId, 'ana')).accessToken).kid).toBe(keyId)
    expect(await keyIds()).toEqual(expect.arrayContaining([keyId, before]))
    fixture.clock.advance(24 * 3600_000)
    expect(await keyIds()).toContain(before)
    fixture.clock.advance(3600_000 + 1000)
    expect(await keyIds()).toContain(keyId)
    expect(await keyIds()).not.toContain(before)
  })

  it('are rotated by operators only', async () => {
    const tenantId = await fixture.newTenant()
    await refuses(fixture.client(tenantId).admin.rotateSigningKey({}), 'ACCESS_DENIED')
  })
})
