import { systemClock } from '@chat4all/base'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { expect, it } from 'vitest'
import type { DirectoryClient } from '../deps.ts'
import { Revocations } from './revocations.ts'
import { TokenVerifier } from './token-verifier.ts'

async function newSigner(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA')
  const token = (user: string) =>
    new SignJWT({ tid: 't', cid: 'c' })
      .setProtectedHeader({ alg: 'EdDSA', kid })
      .setIssuer('chat4all')
      .setAudience('chat4all')
      .setSubject(`user:${user}`)
      .setJti(user)
      .setExpirationTime('1h')
      .sign(privateKey)
  return { jwk: { ...(await exportJWK(publicKey)), kid, alg: 'EdDSA' }, token }
}

/** A directory whose keys can change, and that counts how often it is asked. */
function directoryOf(keys: object[]) {
  const asked = { times: 0 }
  const listSigningKeys = async () => {
    asked.times++
    const jwks = JSON.stringify({ keys })
    await new Promise((resolve) => setTimeout(resolve, 10))
    return { jwks }
  }
  const verifier = new TokenVerifier({ listSigningKeys } as unknown as DirectoryClient, new Revocations(), systemClock)
  return { verifier, asked }
}

it('takes every token that comes right after a start, while the keys are still being read', async () => {
  const signer = await newSigner('k')
  const { verifier, asked } = directoryOf([signer.jwk])
  const tokens = await Promise.all(Array.from({ length: 20 }, (_, i) => signer.token(`user-${i}`)))
  const principals = await Promise.all(tokens.map((t) => verifier.authenticate(`Bearer ${t}`)))
  expect(principals.map((p) => p?.userId)).toEqual(Array.from({ length: 20 }, (_, i) => `user-${i}`))
  expect(asked.times).toBe(1)
})

it('takes a token of a key that was made a moment after the keys were read', async () => {
  const [old, fresh] = await Promise.all([newSigner('old'), newSigner('fresh')])
  const keys = [old.jwk]
  const { verifier } = directoryOf(keys)
  const reading = verifier.authenticate(`Bearer ${await old.token('ana')}`)
  await new Promise((resolve) => setTimeout(resolve, 5))
  keys.push(fresh.jwk)
  const [during, after] = await Promise.all([fresh.token('bo'), fresh.token('cleo')])
  expect(await verifier.authenticate(`Bearer ${during}`)).toMatchObject({ userId: 'bo' })
  expect(await reading).toMatchObject({ userId: 'ana' })
  expect(await verifier.authenticate(`Bearer ${after}`)).toMatchObject({ userId: 'cleo' })
})

it('asks for the keys no oftener than it must when tokens name keys that do not exist', async () => {
  const [own, stranger] = await Promise.all([newSigner('own'), newSigner('stranger')])
  const { verifier, asked } = directoryOf([own.jwk])
  const forged = await Promise.all(Array.from({ length: 20 }, (_, i) => stranger.token(`user-${i}`)))
  const outcomes = await Promise.allSettled(forged.map((token) => verifier.authenticate(`Bearer ${token}`)))
  expect(outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.reason : 'taken'))).toEqual(
    Array(20).fill('TOKEN_INVALID'),
  )
  expect(asked.times).toBe(2)
})
