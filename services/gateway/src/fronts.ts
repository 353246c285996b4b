import { createRequire } from 'node:module'
import type { Logger } from '@chat4all/base'
import { docsRoutes, Health, type HttpHandler, healthRoutes, reflectionServices, startGrpcServer, startHttpServer } from '@chat4all/rpc'
import type { GatewayService } from './service.ts'

const OPENAPI_FILE = createRequire(import.meta.url).resolve('@chat4all/gen/openapi.json')

export interface FrontOptions {
  readonly host: string
  readonly grpcPort: number
  readonly httpPort: number
  readonly corsOrigins: readonly string[]
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
  }
  const grpc = starting.use(await startGrpcServer({ ...serving, port: options.grpcPort }))
  const routes = { ...healthRoutes(health), ...docsRoutes(OPENAPI_FILE), '/.well-known/jwks.json': jwksRoute(gateway) }
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

/** The keys that verify tokens, for those who check them themselves. */
function jwksRoute(gateway: GatewayService): HttpHandler {
  return async (_request, response) => {
    const jwks = await gateway.jwks()
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'max-age=60' }).end(jwks)
  }
}
