import { fileURLToPath } from 'node:url'
import { docsRoutes, type Health, type HttpHandler, healthRoutes } from '@chat4all/rpc'
import type { GatewayService } from './service.ts'

const OPENAPI_FILE = fileURLToPath(import.meta.resolve('@chat4all/gen/openapi.json'))

type Gateway = Pick<GatewayService, 'jwks'>

/** What the HTTP port serves beside the services, by path. */
export function httpRoutes(gateway: Gateway, health: Health): Readonly<Record<string, HttpHandler>> {
  return { ...healthRoutes(health), ...docsRoutes(OPENAPI_FILE), '/.well-known/jwks.json': jwksRoute(gateway) }
}

/** The keys that verify tokens, for those who check them themselves. */
function jwksRoute(gateway: Gateway): HttpHandler {
  return async (_request, response) => {
    const jwks = await gateway.jwks()
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'max-age=60' }).end(jwks)
  }
}
