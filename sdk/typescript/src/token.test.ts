import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { Code } from '@connectrpc/connect'
import { describe, expect, test, vi } from 'vitest'
import { connectTo, fakeTransport, jwt, message, refusal } from '../test/fake-server.ts'
import { clientCredentials, renewTime, TokenSource, userToken } from './token.ts'

const HOUR = 3_600

describe('renewTime', () => {
  test('is a minute before a long token expires', () => {
    expect(renewTime(jwt({ iat: 1_000, exp: 1_000 + HOUR }), 1_000_000)).toBe((1_000 + HOUR - 60) * 1000)
  })

  test('is a tenth of its life before a short token expires', () => {
    expect(renewTime(jwt({ iat: 1_000, exp: 1_010 }), 1_000_000)).toBe(1_009_000)
  })

  test('goes by the length of life when the clocks disagree', () => {
    const now = 9_000_000_000
    expect(renewTime(jwt({ iat: 1_000, exp: 1_000 + HOUR }), now)).toBe(now + (HOUR - 60) * 1000)
  })

  test('is never for a token that does not say', () => {
    expect(renewTime('opaque', 0)).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('TokenSource', () => {
  const transport = fakeTransport({})

  test('asks once for all calls that wait, and again before the token expires', async () => {
    let now = 1_000_000
    const provider = vi.fn(() => jwt({ iat: now / 1000, exp: now / 1000 + HOUR }))
    const tokens = new TokenSource(provider, transport, () => now)
    const [first, second] = await Promise.all([tokens.get(), tokens.get()])
    expect(second).toBe(first)
    expect(provider).toHaveBeenCalledTimes(1)
    now += (HOUR - 59) * 1000
    expect(await tokens.get()).not.toBe(first)
  })

  test('calls a failing provider unavailable, so that calls repeat', async () => {
    const tokens = new TokenSource(() => Promise.reject(new Error('backend down')), transport)
    await expect(tokens.get()).rejects.toMatchObject({ reason: 'TOKEN_UNAVAILABLE', retryable: true })
  })
})

describe('a call whose token is refused', () => {
  const getMessage = vi.fn()
  const messages = {
    getMessage: (_: unknown, { requestHeader }: { requestHeader: Headers }) => {
      getMessage(requestHeader.get('authorization'))
      if (requestHeader.get('authorization') !== 'Bearer good') throw refusal(Code.Unauthenticated, 'TOKEN_INVALID')
      return { message: message(1) }
    },
  }

  test('is repeated with a new one', async () => {
    const tokens = ['stale', 'good']
    const chat = connectTo({ messages }, { token: () => tokens.shift()! })
    await expect(chat.api.messages.getMessage({ messageId: 'm' })).resolves.toMatchObject({ message: { sequence: 1n } })
  })

  test('fails when new ones are refused too', async () => {
    getMessage.mockClear()
    let count = 0
    const chat = connectTo({ messages }, { token: () => `bad ${++count}` })
    await expect(chat.api.messages.getMessage({ messageId: 'm' })).rejects.toMatchObject({ reason: 'TOKEN_INVALID', retryable: false })
    expect(getMessage).toHaveBeenCalledTimes(3)
  })

  test('fails at once when there is only this one', async () => {
    getMessage.mockClear()
    const chat = connectTo({ messages }, { token: 'bad' })
    await expect(chat.api.messages.getMessage({ messageId: 'm' })).rejects.toMatchObject({ reason: 'TOKEN_INVALID' })
    expect(getMessage).toHaveBeenCalledTimes(1)
  })
})

describe('providers', () => {
  const expireTime = timestampFromDate(new Date(0))
  const auth = {
    createToken: ({ clientId, clientSecret }: { clientId: string; clientSecret: string }) => {
      if (clientSecret !== 'secret') throw refusal(Code.Unauthenticated, 'CREDENTIALS_INVALID')
      return { accessToken: `client ${clientId}`, expireTime }
    },
    createUserToken: ({ userId }: { userId: string }, { requestHeader }: { requestHeader: Headers }) => ({
      accessToken: `${userId} by ${requestHeader.get('authorization')}`,
      expireTime,
    }),
  }
  const request = { transport: fakeTransport({ auth }), signal: new AbortController().signal }

  test('exchange client credentials for a token', async () => {
    await expect(clientCredentials({ clientId: 'app', clientSecret: 'secret' })(request)).resolves.toBe('client app')
  })

  test('mint user tokens with a client token', async () => {
    const provider = userToken({ clientId: 'app', clientSecret: 'secret', userId: 'ana' })
    await expect(provider(request)).resolves.toBe('ana by Bearer client app')
  })

  test('say that the credentials are wrong', async () => {
    const chat = connectTo({ auth }, { token: clientCredentials({ clientId: 'app', clientSecret: 'guess' }) })
    await expect(chat.api.messages.getMessage({ messageId: 'm' })).rejects.toMatchObject({ reason: 'CREDENTIALS_INVALID' })
  })
})
