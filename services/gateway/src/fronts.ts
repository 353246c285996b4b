import type { Logger } from '@chat4all/base'
import { Health, MaxAge, reflectionServices, startGrpcServer, startHttpServer } from '@chat4all/rpc'
import type { FrontsConfig } from './fronts-config.ts'
import { httpRoutes } from './http-routes.ts'
import type { GatewayService } from './service.ts'

export interface FrontOptions extends FrontsConfig {
  readonly logger: Logger
}

/** The ports that clients reach. */
export interface Fronts extends AsyncDisposable {
  readonly grpcPort: number
  readonly httpPort: number
}

/** Opens a started gateway to clients. Closing tells live streams to come back elsewhere, and lets calls in flight finish. */
export async function openFronts(gateway: GatewayService, options: FrontOptions): Promise<Fronts> {
  await using starting = new AsyncDisposableStack()
  const health = new Health(gateway.services)
  const services = [...gateway.services, health.service]
  const serving = {
    services: [...services, ...reflectionServices(services)],
    authenticate: gateway.authenticate,
    log: options.logger,
    host: options.host,
    maxConnectionsPerAddress: options.maxConnectionsPerAddress,
    maxAge: new MaxAge(options.maxConnectionAgeMinutes * 60_000),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
  }
  const grpc = starting.use(await startGrpcServer({ ...serving, port: options.grpcPort }))
  const routes = httpRoutes(gateway, health)
  const http = starting.use(await startHttpServer({ ...serving, port: options.httpPort, corsOrigins: options.corsOrigins, routes }))
  health.set(true)
  gateway.watchReadiness((ready) => health.set(ready))
  starting.move()
  return {
    grpcPort: grpc.port,
    httpPort: http.port,
    async [Symbol.asyncDispose]() {
      gateway.watchReadiness(() => {})
      const told = health.stop()
      gateway.drain()
      await told
      await Promise.all([grpc.stop(), http.stop()])
    },
  }
}
