import { createHmac, randomUUID } from 'node:crypto'
import { Access } from '@chat4all/gen/chat4all/v1/access_pb.js'
import { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessOf, METHODS, nameOf } from '../support/api.ts'
import { outcome } from '../support/exchange.ts'
import { Live } from '../support/live.ts'
import { refused } from '../support/refusal.ts'
import { callerOf, newScene, type Scene, validRequest } from '../support/requests.ts'
import { type Person, type Tenant, text, World } from '../support/world.ts'

const TOKEN_INVALID = 'UNAUTHENTICATED TOKEN_INVALID'
const { listConversations } = ConversationService.method

let world: World
let acme: Tenant
let ana: Person
let scene: Scene
/** The server's own key: what is signed with it differs from a good token in one thing only. */
let own: Signer
let stranger: Signer

interface Signer {
  readonly kid: string
  readonly key: CryptoKey
  readonly publicJwk: JWK
}

beforeAll(async () => {
  world = await World.start()
  acme = await world.tenant()
  ;[ana] = (await acme.people('ana')) as [Person]
  scene = await newScene(acme, acme.credentials.client_id)
  own = await ownSigner()
  const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  stranger = { kid: own.kid, key: pair.privateKey, publicJwk: await exportJWK(pair.publicKey) }
})
afterAll(() => world[Symbol.asyncDispose]())

async function ownSigner(): Promise<Signer> {
  const sql = 'SELECT key_id, private_jwk FROM signing_keys WHERE retired_at IS NULL'
  const [row] = await world.server.queryDirectory<{ readonly key_id: string; readonly private_jwk: string }>(sql)
  const jwk = JSON.parse(row!.private_jwk) as JWK
  const { kty, crv, x } = jwk as { kty: string; crv: string; x: string }
  const key = await importJWK(jwk, 'EdDSA')
  return { kid: row!.key_id, key: key as CryptoKey, publicJwk: { kty, crv, x } as JWK }
}

/** Ana's token again, with other claims, another header, or of another signer. */
function resign(
  claims: Readonly<Record<string, unknown>>,
  signer = own,
  header: { readonly alg?: string; readonly kid?: string } = {},
): Promise<string> {
  const payload = { ...decodeJwt(ana.token), jti: randomUUID(), ...claims }
  return new SignJWT(payload).setProtectedHeader({ alg: 'EdDSA', kid: signer.kid, typ: 'JWT', ...header }).sign(signer.key)
}

/** A token with any header and signature. */
function compact(header: object, signature: (input: string) => string): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${encode(header)}.${encode(decodeJwt(ana.token))}`
  return `${input}.${signature(input)}`
}

const now = () => Math.floor(Date.now() / 1000)

const BAD_TOKENS: Readonly<Record<string, () => string | Promise<string>>> = {
  'an expired token': () => resign({ exp: now() - 1 }),
  'a token without an expiry': () => resign({ exp: undefined }),
  'a token that is not valid yet': () => resign({ nbf: now() + 600 }),
  'a token signed with another key': () => resign({}, stranger),
  'a token whose content was changed after signing': () => {
    const [header, payload, signature] = ana.token.split('.') as [string, string, string]
    const claims = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'user:bo' }
    return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
  },
  'a token for another audience': () => resign({ aud: 'another' }),
  'a token without an audience': () => resign({ aud: undefined }),
  'a token of another issuer': () => resign({ iss: 'another' }),
  'a token with `alg: none`': () => compact({ alg: 'none', kid: own.kid, typ: 'JWT' }, () => ''),
  'a token with `alg: none` and the signature of a good one': () => compact({ alg: 'none', kid: own.kid }, () => ana.token.split('.')[2]!),
  'a token signed with the public key as a password': () =>
    compact({ alg: 'HS256', kid: own.kid }, (input) => createHmac('sha256', own.publicJwk.x!).update(input).digest('base64url')),
  'a token of an unknown key': () => resign({}, stranger, { kid: randomUUID() }),
  'a token that names no key': () => compact({ alg: 'EdDSA' }, () => ana.token.split('.')[2]!),
  'a token that brings its own key': async () => compact({ alg: 'EdDSA', jwk: stranger.publicJwk }, () => ana.token.split('.')[2]!),
  'a token of an unknown kind of caller': () => resign({ sub: 'root:ana' }),
  'a token without a tenant': () => resign({ tid: undefined }),
  'a token whose tenant is no text': () => resign({ tid: 7 }),
  'a token without a token id': () => resign({ jti: undefined }),
  'a client secret in place of a token': () => acme.credentials.client_secret,
  'no token after Bearer': () => '',
  'something else': () => 'x.y.z',
  'ten thousand letters': () => 'e'.repeat(10_000),
}

it('takes a token that was signed again with nothing changed', async () => {
  expect(await refused(world.client(await resign({})).call(listConversations, {}))).toBe('OK')
  expect(decodeProtectedHeader(ana.token)).toMatchObject({ alg: 'EdDSA', kid: own.kid })
})

describe.each(Object.entries(BAD_TOKENS))('%s', (_name, make) => {
  it('opens neither calls nor streams', async () => {
    const client = world.client(await make())
    const outcomes = await Promise.all([refused(client.call(listConversations, {})), refused(Live.open(client))])
    expect(outcomes).toEqual([TOKEN_INVALID, TOKEN_INVALID])
  })
})

it('takes no other scheme than Bearer', async () => {
  const answer = await fetch(`http://127.0.0.1:${world.server.httpPort}/chat4all.v1.ConversationService/ListConversations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${ana.token}` },
    body: '{}',
  })
  expect([answer.status, ((await answer.json()) as { details: { debug: object }[] }).details[0]?.debug]).toEqual([
    401,
    { reason: 'TOKEN_INVALID', domain: 'chat4all' },
  ])
})

describe('without a token', () => {
  const guarded = METHODS.filter((method) => accessOf(method) !== Access.PUBLIC)
  it.each(guarded.map((method) => [nameOf(method), method] as const))('%s is refused', async (_name, method) => {
    const nobody = world.client()
    expect(await outcome(nobody, method, validRequest(method, 'user', scene))).toBe(TOKEN_INVALID)
    // Who calls is asked before anything else: not even bytes that are no request are looked at.
    expect(await outcome(nobody, method, new Uint8Array([0xff]))).toBe(TOKEN_INVALID)
  })

  it('only CreateToken is answered', () => {
    expect(METHODS.filter((method) => !guarded.includes(method)).map(nameOf)).toEqual(['AuthService/CreateToken'])
  })
})

describe('every RPC', () => {
  it('names its rule', () => {
    expect(METHODS.filter((method) => accessOf(method) === Access.UNSPECIFIED)).toEqual([])
  })

  it.each(METHODS.map((method) => [nameOf(method), method] as const))(
    '%s takes a valid request of everyone it is for',
    async (_name, method) => {
      const { apiClient } = await acme.call(AdminService.method.createApiClient, {})
      for (const kind of accessOf(method) === Access.MEMBER ? (['user', 'client'] as const) : (['client'] as const)) {
        const fresh = await newScene(acme, apiClient!.clientId)
        expect([kind, await outcome(callerOf(method, kind, fresh), method, validRequest(method, kind, fresh))]).toEqual([kind, 'OK'])
      }
    },
  )
})

describe('a token that expires', () => {
  it('stops working while it is in use', async () => {
    const client = world.client(await resign({ exp: now() + 2 }))
    expect(await refused(client.call(listConversations, {}))).toBe('OK')
    await expect.poll(() => refused(client.call(listConversations, {})), { timeout: 5_000 }).toBe(TOKEN_INVALID)
  })
})

describe('revocation', () => {
  const { revokeToken, createToken } = AuthService.method

  it('ends a token at once, on every connection', async () => {
    const { token, client } = await acme.person('ana')
    await client.call(revokeToken, {})
    expect(await refused(client.call(listConversations, {}))).toBe(TOKEN_INVALID)
    expect(await refused(world.client(token).call(listConversations, {}))).toBe(TOKEN_INVALID)
    expect(await refused(ana.call(listConversations, {}))).toBe('OK')
  })

  it('holds after a restart', async () => {
    const { token, client } = await acme.person('ana')
    await client.call(revokeToken, {})
    await world.server.kill()
    await world.server.restart()
    await expect.poll(() => refused(world.client(token).call(listConversations, {}))).toBe(TOKEN_INVALID)
    expect(await refused(world.client(ana.token).call(listConversations, {}))).toBe('OK')
  })

  it('is for the tokens of the own tenant, and for users for their own', async () => {
    const [bo] = (await acme.people('bo')) as [Person]
    const bolt = await world.tenant()
    const revoke = (by: { call: Person['call'] }, token: string) => refused(by.call(revokeToken, { token }))
    expect(await revoke(ana, bo.token)).toBe('PERMISSION_DENIED ACCESS_DENIED')
    expect(await revoke(bolt, bo.token)).toBe(TOKEN_INVALID)
    expect(await revoke(acme, await resign({}, stranger))).toBe(TOKEN_INVALID)
    expect(await revoke(acme, 'nonsense')).toBe(TOKEN_INVALID)
    expect(await revoke(acme, 'x'.repeat(4097))).toBe('INVALID_ARGUMENT FIELD_INVALID token')
    expect(await refused(bo.call(listConversations, {}))).toBe('OK')
    expect(await revoke(acme, await resign({ exp: now() - 10 }))).toBe('OK')
    expect(await revoke(acme, bo.token)).toBe('OK')
    expect(await revoke(acme, bo.token)).toBe('OK')
    expect(await refused(bo.call(listConversations, {}))).toBe(TOKEN_INVALID)
  })

  it('of an API client ends its tokens and those it minted, and its secret', async () => {
    const { apiClient, clientSecret } = await acme.call(AdminService.method.createApiClient, {})
    const credentials = { client_id: apiClient!.clientId, client_secret: clientSecret }
    const client = world.track(await world.server.apiClient(credentials))
    const { accessToken } = await client.call(AuthService.method.createUserToken, { userId: 'ana' })
    const user = world.client(accessToken)
    expect(await refused(user.call(listConversations, {}))).toBe('OK')
    await acme.call(AdminService.method.revokeApiClient, { clientId: credentials.client_id })
    expect(await refused(user.call(listConversations, {}))).toBe(TOKEN_INVALID)
    expect(await refused(client.call(AdminService.method.listApiClients, {}))).toBe(TOKEN_INVALID)
    expect(await refused(world.server.apiClient(credentials))).toBe('UNAUTHENTICATED CREDENTIALS_INVALID')
    expect(await refused(acme.call(AdminService.method.rotateApiClientSecret, { clientId: credentials.client_id }))).toBe(
      'NOT_FOUND API_CLIENT_NOT_FOUND',
    )
  })

  it('cannot be turned on oneself', async () => {
    expect(await refused(acme.call(AdminService.method.revokeApiClient, { clientId: acme.credentials.client_id }))).toBe(
      'FAILED_PRECONDITION SELF_REVOCATION',
    )
  })

  it('answers a wrong secret, an unknown client and no secret alike', async () => {
    const { client_id: clientId } = acme.credentials
    const nobody = world.client()
    for (const request of [
      { clientId, clientSecret: 'wrong' },
      { clientId: randomUUID(), clientSecret: 'wrong' },
      { clientId: '*', clientSecret: "' OR 1=1 --" },
    ])
      expect(await refused(nobody.call(createToken, request))).toBe('UNAUTHENTICATED CREDENTIALS_INVALID')
    expect(await refused(nobody.call(createToken, { clientId }))).toBe('INVALID_ARGUMENT FIELD_INVALID client_secret')
  })
})

it('refuses to send once a token is invalid, and stores nothing', async () => {
  const group = await acme.group(ana)
  const late = await acme.person('ana')
  await acme.call(AuthService.method.revokeToken, { token: late.token })
  const send = late.call(MessageService.method.sendMessage, { conversationId: group, payload: text('too late') })
  expect(await refused(send)).toBe(TOKEN_INVALID)
  expect(await world.client(ana.token).call(ConversationService.method.getConversation, { conversationId: group })).toMatchObject({
    conversation: { lastSequence: 0n },
  })
})
