import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { HttpHandler } from '../http-server.ts'
import { staticFile } from '../static-file.ts'

const SWAGGER_UI = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')))

/** Nothing but files of this server runs or is loaded, and calls go nowhere else. Swagger UI has pictures inside its style sheet. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The OpenAPI document at `/openapi.json`, and a page at `/docs` to read it and to try calls out. Needs nothing from other servers. */
export function docsRoutes(documentFile: string): Readonly<Record<string, HttpHandler>> {
  const ours = (name: string) => join(import.meta.dirname, name)
  const theirs = (name: string) => join(SWAGGER_UI, name)
  return {
    '/openapi.json': staticFile(documentFile, 'application/json'),
    '/docs': staticFile(ours('page.html'), 'text/html; charset=utf-8', {
      'content-security-policy': PAGE_POLICY,
      'referrer-policy': 'no-referrer',
    }),
    '/docs/start.js': staticFile(ours('start.js'), 'text/javascript; charset=utf-8'),
    '/docs/swagger-ui.js': staticFile(theirs('swagger-ui-bundle.js'), 'text/javascript; charset=utf-8'),
    '/docs/swagger-ui.css': staticFile(theirs('swagger-ui.css'), 'text/css; charset=utf-8'),
    '/docs/favicon.png': staticFile(theirs('favicon-32x32.png'), 'image/png'),
  }
}
