import type { IncomingMessage, ServerResponse } from 'node:http'
import { cors } from '@connectrpc/connect'
import { REQUEST_ID_HEADER } from './request-id.ts'

const PREFLIGHT_MAX_AGE_SECONDS = 7200
const METHODS = [...cors.allowedMethods, 'PUT', 'PATCH', 'DELETE'].join(', ')
const REQUEST_HEADERS = [...cors.allowedHeaders, 'authorization', 'last-event-id', 'x-server-timeout', REQUEST_ID_HEADER].join(', ')
const RESPONSE_HEADERS = [...cors.exposedHeaders, 'allow', 'retry-after', REQUEST_ID_HEADER].join(', ')

/** Lets scripts of the allowed origins call. Returns true when it has answered a preflight. */
export function applyCors(origins: readonly string[], request: IncomingMessage, response: ServerResponse): boolean {
  const { origin } = request.headers
  if (origins.length > 0) response.setHeader('vary', 'origin')
  if (origin === undefined || !origins.some((allowed) => matches(allowed, origin))) return false
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('access-control-expose-headers', RESPONSE_HEADERS)
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false
  response.setHeader('access-control-allow-methods', METHODS)
  response.setHeader('access-control-allow-headers', REQUEST_HEADERS)
  response.setHeader('access-control-max-age', PREFLIGHT_MAX_AGE_SECONDS)
  response.writeHead(204).end()
  return true
}

/** Whether a script of this request's origin may open a socket: browsers ask nobody before they do. Programs send no origin, and a page may call its own server. */
export function allowsOrigin(origins: readonly string[], { headers: { origin, host } }: IncomingMessage): boolean {
  if (origin === undefined || origins.some((allowed) => matches(allowed, origin))) return true
  return URL.canParse(origin) && new URL(origin).host === host
}

/** An origin, an origin with `*` for any port (`http://localhost:*`), or `*` for all. */
function matches(allowed: string, origin: string): boolean {
  if (allowed === '*' || allowed === origin) return true
  return allowed.endsWith(':*') && origin.replace(/:\d+$/, '') === allowed.slice(0, -2)
}
