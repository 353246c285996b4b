import { mkdir } from 'node:fs/promises'
import { createLogger, type Logger, systemClock } from '@chat4all/base'
import { bootstrap, createDirectoryService } from '@chat4all/directory'
import { openEmbeddedEngines } from '@chat4all/engine-embedded'
import { createGatewayService } from '@chat4all/gateway'
import { Health, inMemoryTransport, reflectionServices, startGrpcServer, startHttpServer } from '@chat4all/rpc'
import { createSequencerService } from '@chat4all/sequencer'
import type { Config } from './config.ts'
import { writeCredentials } from './credentials.ts'
import { httpRoutes } from './http-routes.ts'

/** The whole platform in this process. */
export interface RunningServer extends AsyncDisposable {
  readonly grpcPort: number
  readonly httpPort: number
  /** This start created the first tenant and API client. */
  readonly firstStart: boolean
}

/** Composes every service on embedded engines. What starts later stands on what started before, and stops before it. */
export async function startServer(config: Config): Promise<RunningServer> {
  await using starting = new AsyncDisposableStack()
  const clock = systemClock
  const logger = (name: string): Logger => createLogger(name, config.logLevel)
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  const engines = starting.use(await openEmbeddedEngines({ directory: config.dataDir, partitions: config.partitions }))
  const { conversationLog: log, messageStore: store, eventLog: events, liveBus: bus } = engines

  const credentials = await bootstrap(engines.directory, clock, (fresh) => writeCredentials(config.dataDir, fresh))

  const directory = starting.use(
    createDirectoryService({ directory: engines.directory, log, bus, clock, logger: logger('directory'), config: config.directory }),
  )
  await directory.start()
  const sequencer = starting.use(createSequencerService({ log, store, events, bus, logger: logger('sequencer'), config: config.sequencer }))
  await sequencer.start()
  const transport = inMemoryTransport(directory.services)
  const gateway = starting.use(
    createGatewayService({ log, store, bus, directory: transport, clock, logger: logger('gateway'), config: config.gateway }),
  )
  await gateway.start()

  const health = new Health(gateway.services)
  const services = [...gateway.services, health.service]
  const serving = {
    services: [...services, ...reflectionServices(services)],
    authenticate: gateway.authenticate,
    log: logger('rpc'),
    host: config.host,
  }
  let ready = false
  const grpc = starting.use(await startGrpcServer({ ...serving, port: config.grpcPort }))
  const routes = httpRoutes({ isReady: () => ready, jwks: gateway.jwks })
  const http = starting.use(await startHttpServer({ ...serving, port: config.httpPort, corsOrigins: config.corsOrigins, routes }))
  starting.defer(() => {
    ready = false
    health.set(false)
    gateway.drain()
  })
  health.set(true)
  ready = true
  const running = starting.move()
  return {
    grpcPort: grpc.port,
    httpPort: http.port,
    firstStart: credentials !== undefined,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
