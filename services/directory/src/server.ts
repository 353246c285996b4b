import { createLogger, systemClock } from '@chat4all/base'
import { authenticateByHeader, Health, healthRoutes, ServiceTokens, startGrpcServer, startHttpServer } from '@chat4all/rpc'
import { bootstrap } from './bootstrap.ts'
import { keepCredentials, readCredentials } from './credentials-file.ts'
import type { DirectoryDeps } from './deps.ts'
import type { DirectoryProcessConfig } from './process-config.ts'
import { createDirectoryService } from './service.ts'

/** A directory that other services reach. */
export interface DirectoryServer extends AsyncDisposable {
  readonly grpcPort: number
  readonly httpPort: number
}

type Engines = Pick<DirectoryDeps, 'directory' | 'log' | 'bus'>

/** A directory in this process, for services with the secret of the installation. The engines stay the caller's to dispose of. */
export async function startDirectoryServer(config: DirectoryProcessConfig, engines: Engines): Promise<DirectoryServer> {
  await using starting = new AsyncDisposableStack()
  const { host, bootstrapCredentials: file } = config
  const tokens = new ServiceTokens({ service: 'directory', secrets: config.secrets, clock: systemClock })
  if (file !== undefined)
    await bootstrap(engines.directory, systemClock, (fresh) => keepCredentials(file, fresh), await readCredentials(file))
  const logger = createLogger('directory', config.logLevel)
  const directory = starting.use(createDirectoryService({ ...engines, clock: systemClock, logger, config: config.directory }))
  await directory.start()

  const health = new Health(directory.services)
  const guard = { authenticate: authenticateByHeader, authenticateInternal: tokens.authenticate, servicesOnly: true }
  const log = createLogger('rpc', config.logLevel)
  const services = [...directory.services, health.service]
  const grpc = starting.use(await startGrpcServer({ ...guard, services, log, host, port: config.grpcPort }))
  const routes = healthRoutes(health)
  const http = starting.use(await startHttpServer({ services: [health.service], log, host, port: config.httpPort, routes }))
  // Gateways hear of it, and ask elsewhere.
  starting.defer(() => health.stop())
  health.set(true)
  const running = starting.move()
  return { grpcPort: grpc.port, httpPort: http.port, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
