import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { asChatError } from './errors.ts'
import { ServiceTokens } from './service-token.ts'

const SECRET = 'a'.repeat(32)
const OTHER = 'b'.repeat(32)
const clock = { at: 1_700_000_000_000, now: () => clock.at }

const tokens = (...secrets: string[]) => new ServiceTokens({ service: 'gateway', secrets, clock })

/** Whether `by` lets the header pass. */
async function passes(by: ServiceTokens, authorization: string | undefined): Promise<boolean> {
  try {
    await by.authenticate((name) => (name === 'authorization' ? authorization : undefined))
    return true
  } catch (error) {
    expect(asChatError(error).reason).toBe('TOKEN_INVALID')
    return false
  }
}

function signed(header: object, claims: object, secret = SECRET): string {
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `Bearer ${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

test('lets services with the same secret pass', async () => {
  expect(await passes(tokens(SECRET), tokens(SECRET).header())).toBe(true)
})

test('refuses everything else', async () => {
  const header = { alg: 'HS256', typ: 'JWT' }
  const claims = { iss: 'chat4all-services', aud: 'chat4all-services', sub: 'gateway', exp: clock.now() / 1000 + 60 }
  const good = signed(header, claims)
  expect(await passes(tokens(SECRET), good)).toBe(true)
  for (const bad of [
    undefined,
    '',
    'Bearer',
    'Bearer .',
    good.slice(0, -4),
    `${good}A`,
    good.replace('Bearer', 'Basic'),
    tokens(OTHER).header(),
    signed({ alg: 'none', typ: 'JWT' }, claims),
    signed({ alg: 'EdDSA', kid: 'x' }, claims),
    signed(header, { ...claims, aud: 'chat4all' }),
    signed(header, { ...claims, iss: 'chat4all' }),
    signed(header, { ...claims, exp: undefined }),
    signed(header, { ...claims, exp: clock.now() / 1000 - 31 }),
  ])
    expect(await passes(tokens(SECRET), bad), `${bad}`).toBe(false)
})

test('renews its token before it expires', async () => {
  const callee = tokens(SECRET)
  const caller = tokens(SECRET)
  const first = caller.header()
  expect(caller.header()).toBe(first)
  clock.at += 91_000
  expect(await passes(callee, first)).toBe(false)
  expect(await passes(callee, caller.header())).toBe(true)
})

test('rolls a new secret out in steps', async () => {
  expect(await passes(tokens(SECRET, OTHER), tokens(OTHER, SECRET).header())).toBe(true)
  expect(await passes(tokens(OTHER), tokens(OTHER, SECRET).header())).toBe(true)
  expect(await passes(tokens(OTHER), tokens(SECRET, OTHER).header())).toBe(false)
})

test('takes no weak secret', () => {
  expect(() => tokens()).toThrow('32 characters')
  expect(() => tokens(SECRET, 'short')).toThrow('32 characters')
})
