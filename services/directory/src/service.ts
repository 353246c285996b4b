import { monotonicMicros } from '@chat4all/base'
import type { RpcService } from '@chat4all/rpc'
import type { DirectoryDeps, HandlerDeps } from './deps.ts'
import { Invalidations } from './invalidation.ts'
import { KeyedQueue } from './keyed-queue.ts'
import { OutboxRelay } from './relay.ts'
import { routes } from './routes.ts'
import { SigningKeys } from './signing-keys.ts'

/** The directory service: who there is, and who may. */
export interface DirectoryService extends AsyncDisposable {
  readonly services: readonly RpcService[]
  /** Makes the first signing key, calls the gateways, and carries over what an earlier process left in the outbox. Before it resolves, nothing must be called. */
  start(): Promise<void>
  /** The public keys that verify tokens: an RFC 7517 JWK Set, JSON. */
  jwks(): Promise<string>
}

/** The ports stay the caller's to dispose of. */
export function createDirectoryService(deps: DirectoryDeps): DirectoryService {
  const keys = new SigningKeys(deps)
  const invalidations = new Invalidations(deps)
  const relay = new OutboxRelay(deps)
  const changes = new KeyedQueue()
  const handlerDeps: HandlerDeps = { ...deps, keys, invalidations, relay, changes, micros: monotonicMicros(deps.clock) }
  return {
    services: routes(handlerDeps),
    jwks: () => keys.jwks(),
    async start() {
      await Promise.all([keys.start(), invalidations.start()])
      await relay.start()
    },
    async [Symbol.asyncDispose]() {
      keys[Symbol.dispose]()
      invalidations[Symbol.dispose]()
      await relay[Symbol.asyncDispose]()
    },
  }
}
