import { createLogger, systemClock } from '@chat4all/base'
import { DirectoryService } from '@chat4all/gen/chat4all/internal/v1/directory_service_pb.js'
import { AdminService } from '@chat4all/gen/chat4all/v1/admin_service_pb.js'
import { AuthService } from '@chat4all/gen/chat4all/v1/auth_service_pb.js'
import { ConversationService } from '@chat4all/gen/chat4all/v1/conversation_service_pb.js'
import { UserService } from '@chat4all/gen/chat4all/v1/user_service_pb.js'
import { ServiceTokens, serviceTransport } from '@chat4all/rpc'
import type { GatewayDeps } from './deps.ts'
import { type Fronts, openFronts } from './fronts.ts'
import type { GatewayProcessConfig } from './process-config.ts'
import { createGatewayService } from './service.ts'

/** What directories serve. */
const DIRECTORY_SERVICES = [DirectoryService, AuthService, UserService, ConversationService, AdminService]
/** Processes of an installation start in any order. */
const DIRECTORY_WAIT_MS = 30_000

type Engines = Pick<GatewayDeps, 'log' | 'store' | 'bus'>

/** A gateway in this process, with the directories elsewhere. The engines stay the caller's to dispose of. */
export async function startGatewayServer(config: GatewayProcessConfig, engines: Engines): Promise<Fronts> {
  await using starting = new AsyncDisposableStack()
  const tokens = new ServiceTokens({ service: 'gateway', secrets: config.secrets, clock: systemClock })
  const directory = starting.use(serviceTransport({ addresses: config.directories, services: DIRECTORY_SERVICES, tokens }))
  await directory.ready(DIRECTORY_WAIT_MS)
  const logger = createLogger('gateway', config.logLevel)
  const gateway = starting.use(createGatewayService({ ...engines, directory, clock: systemClock, logger, config: config.gateway }))
  await gateway.start()
  const fronts = starting.use(await openFronts(gateway, { ...config, logger: createLogger('rpc', config.logLevel) }))
  const running = starting.move()
  return { grpcPort: fronts.grpcPort, httpPort: fronts.httpPort, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
