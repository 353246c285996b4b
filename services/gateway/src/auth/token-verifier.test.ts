import { systemClock } from '@chat4all/base'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { expect, it } from 'vitest'
import type { DirectoryClient } from '../deps.ts'
import { Revocations } from './revocations.ts'
import { TokenVerifier } from './token-verifier.ts'

it('takes every token that comes right after a start, while the keys are still being read', async () => {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA')
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'EdDSA' }] })
  const token = (user: string) =>
    new SignJWT({ tid: 't', cid: 'c' })
      .setProtectedHeader({ alg: 'EdDSA', kid: 'k' })
      .setIssuer('chat4all')
      .setAudience('chat4all')
      .setSubject(`user:${user}`)
      .setJti(user)
      .setExpirationTime('1h')
      .sign(privateKey)
  let readings = 0
  const listSigningKeys = async () => {
    readings++
    await new Promise((resolve) => setTimeout(resolve, 10))
    return { jwks }
  }
  const verifier = new TokenVerifier({ listSigningKeys } as unknown as DirectoryClient, new Revocations(), systemClock)
  const tokens = await Promise.all(Array.from({ length: 20 }, (_, i) => token(`user-${i}`)))
  const principals = await Promise.all(tokens.map((t) => verifier.authenticate(`Bearer ${t}`)))
  expect(principals.map((p) => p?.userId)).toEqual(Array.from({ length: 20 }, (_, i) => `user-${i}`))
  expect(readings).toBe(1)
})
