import type { HttpHandler } from '@chat4all/rpc'

/** Plain HTTP beside the RPCs: liveness, readiness, and the keys that verify tokens. */
export function httpRoutes(deps: {
  readonly isReady: () => boolean
  readonly jwks: () => Promise<string>
}): Readonly<Record<string, HttpHandler>> {
  return {
    '/healthz': (_request, response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n'),
    '/readyz': (_request, response) => {
      const ready = deps.isReady()
      response.writeHead(ready ? 200 : 503, { 'content-type': 'text/plain' }).end(ready ? 'ready\n' : 'not ready\n')
    },
    '/.well-known/jwks.json': async (_request, response) => {
      const jwks = await deps.jwks()
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'max-age=60' }).end(jwks)
    },
  }
}
