import { readFileSync } from 'node:fs'
import { credsAuthenticator, errors } from '@nats-io/nats-core'
import { type ConnectionOptions, connect, type NatsConnection } from '@nats-io/transport-node'

/** The defaults of the client that a server has to change: it gives up after ten attempts, or when a login is refused twice, and takes four minutes to notice a half-open socket. */
const OPTIONS = {
  maxReconnectAttempts: -1,
  ignoreAuthErrorAbort: true,
  reconnectTimeWait: 250,
  reconnectJitter: 250,
  pingInterval: 5_000,
  maxPingOut: 2,
  noAsyncTraces: true,
}

/** What the servers know this installation by, where they ask. The file is what `nsc generate creds` writes. */
export type NatsLogin = { readonly user: string; readonly password: string } | { readonly credentialsFile: string }

/** A connection that comes back by itself for as long as it is not closed. `name` is what the server's monitoring shows. */
export async function connectNats(servers: readonly string[], name: string, login?: NatsLogin): Promise<NatsConnection> {
  try {
    return await connect({ ...OPTIONS, ...loginOptions(login), servers: [...servers], name })
  } catch (error) {
    if (error instanceof errors.AuthorizationError) throw new Error(`NATS refuses ${described(login)}: ${error.message}`, { cause: error })
    throw error
  }
}

function loginOptions(login: NatsLogin | undefined): ConnectionOptions {
  if (login === undefined) return {}
  if ('credentialsFile' in login) return { authenticator: credsAuthenticator(readFileSync(login.credentialsFile)) }
  return { user: login.user, pass: login.password }
}

function described(login: NatsLogin | undefined): string {
  if (login === undefined) return 'a connection without a login'
  return 'user' in login ? `the user "${login.user}" with this password` : `the credentials in ${login.credentialsFile}`
}
