import { createHash } from 'node:crypto'
import { nkeys } from '@nats-io/nats-core'

type Keys = ReturnType<typeof nkeys.createUser>

const UNLIMITED = { subs: -1, data: -1, payload: -1 }
const ACCOUNT = { ...UNLIMITED, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 }
const JETSTREAM = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 }

/** A login as large installations have it: an operator vouches for an account, the account for a user. Gives the server's configuration and the user's credentials file, as `nsc` would. */
export function decentralizedLogin(): { readonly configuration: string; readonly credentials: string } {
  const [operator, system, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount(), nkeys.createUser()]
  const operatorToken = token(operator, operator, { type: 'operator', version: 2 })
  const systemToken = token(system, operator, { type: 'account', version: 2, limits: ACCOUNT })
  const accountToken = token(account, operator, { type: 'account', version: 2, limits: { ...ACCOUNT, ...JETSTREAM } })
  const userToken = token(user, account, { type: 'user', version: 2, ...UNLIMITED })
  const configuration = [
    `operator: ${operatorToken}`,
    `system_account: ${system.getPublicKey()}`,
    'resolver: MEMORY',
    `resolver_preload: { ${system.getPublicKey()}: ${systemToken}, ${account.getPublicKey()}: ${accountToken} }`,
  ]
  const seed = Buffer.from(user.getSeed()).toString()
  return { configuration: configuration.join('\n'), credentials: `${block('NATS USER JWT', userToken)}\n${block('USER NKEY SEED', seed)}` }
}

/** A JWT of NATS. Source: https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/jwt */
function token(of: Keys, by: Keys, nats: object): string {
  const claims = { iat: Math.floor(Date.now() / 1000), iss: by.getPublicKey(), name: 'test', sub: of.getPublicKey(), nats }
  const jti = createHash('sha256').update(JSON.stringify(claims)).digest('hex')
  const signed = [
    { typ: 'JWT', alg: 'ed25519-nkey' },
    { jti, ...claims },
  ]
    .map((part) => base64url(JSON.stringify(part)))
    .join('.')
  return `${signed}.${base64url(by.sign(Buffer.from(signed)))}`
}

function base64url(bytes: string | Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

function block(name: string, content: string): string {
  return `-----BEGIN ${name}-----\n${content}\n------END ${name}------\n`
}
