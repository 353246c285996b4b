import type { Health } from './health.ts'
import type { HttpHandler } from './http-server.ts'

/** Health over plain HTTP: `/healthz` while the process lives, `/readyz` while it wants calls. */
export function healthRoutes(health: Health): Readonly<Record<string, HttpHandler>> {
  return {
    '/healthz': (_request, response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n'),
    '/readyz': (_request, response) => {
      const ready = health.serving
      response.writeHead(ready ? 200 : 503, { 'content-type': 'text/plain' }).end(ready ? 'ready\n' : 'not ready\n')
    },
  }
}
