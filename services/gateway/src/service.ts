import { monotonicMicros, newId } from '@chat4all/base'
import { DirectoryService } from '@chat4all/gen/chat4all/internal/v1/directory_service_pb.js'
import type { Invalidation } from '@chat4all/gen/chat4all/internal/v1/live_batch_pb.js'
import type { Authenticate, RpcService } from '@chat4all/rpc'
import { createClient } from '@connectrpc/connect'
import { Conversations } from './access/conversation-access.ts'
import { Users } from './access/users.ts'
import { Revocations } from './auth/revocations.ts'
import { TokenVerifier } from './auth/token-verifier.ts'
import { ConversationViews } from './conversation-view.ts'
import type { GatewayDeps } from './deps.ts'
import { Invalidations } from './invalidations.ts'
import { LiveHub } from './live/hub.ts'
import { MessageReader } from './message-reader.ts'
import { Ordered } from './ordered.ts'
import { publicServices } from './routes.ts'
import { Admission } from './send/admission.ts'
import { Changer } from './send/changer.ts'
import { ConversationRate } from './send/conversation-rate.ts'
import { Sender } from './send/sender.ts'

/** The edge: authenticates, checks, accepts, reads, delivers live. Keeps nothing that can't be had again. */
export interface GatewayService extends AsyncDisposable {
  /** The public API. */
  readonly services: readonly RpcService[]
  readonly authenticate: Authenticate
  /** The keys that verify tokens, as a JWK set (RFC 7517). */
  jwks(): Promise<string>
  start(): Promise<void>
  /** Says from now on whether it wants clients: not while it is cut off from the live bus. */
  watchReadiness(handler: (ready: boolean) => void): void
  /** Ends the live streams, telling clients to come back. */
  drain(): void
}

export function createGatewayService(deps: GatewayDeps): GatewayService {
  const { log, store, bus, clock, config } = deps
  const directory = createClient(DirectoryService, deps.directory)
  const nowMicros = monotonicMicros(clock)
  const revocations = new Revocations()
  const tokens = new TokenVerifier(directory, revocations, clock)
  const conversations = new Conversations(directory)
  const users = new Users(directory)
  const ordered = new Ordered(log, store)
  const reader = new MessageReader(store, conversations, ordered)
  const admission = new Admission(config)
  const rate = new ConversationRate(config)
  const catchUp = { store, conversations, nowMicros }
  let onReadiness = (_ready: boolean): void => {}
  const hub = new LiveHub({
    ...deps,
    onReadiness: (ready) => onReadiness(ready),
    revocations,
    nowMicros,
    heartbeatSeconds: config.heartbeatSeconds,
  })
  const invalidations = new Invalidations(bus, newId())
  const take = (invalidation: Invalidation) => {
    for (const part of [revocations, conversations, users, hub]) part.take(invalidation)
  }
  return {
    services: publicServices({
      ...catchUp,
      ...config,
      log,
      bus,
      logger: deps.logger,
      admission,
      directory,
      transport: deps.directory,
      users,
      ordered,
      reader,
      hub,
      views: new ConversationViews(store),
      sender: new Sender({ log, clock, conversations, users, reader, rate, admission }),
      changer: new Changer({ log, clock, reader, ordered, rate, admission }),
    }),
    authenticate: (header) => tokens.authenticate(header('authorization')),
    jwks: () => tokens.jwks(),
    async start() {
      await invalidations.start(take)
      await revocations.load(directory)
      await hub.start()
    },
    watchReadiness(handler) {
      onReadiness = handler
    },
    drain: () => hub.stop(),
    async [Symbol.asyncDispose]() {
      hub.stop()
      invalidations.stop()
      admission.stop()
    },
  }
}
