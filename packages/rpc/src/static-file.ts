import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { HttpHandler } from './http-server.ts'
import { requestIdFrom } from './request-id.ts'
import { HttpRefusal } from './rest/http-refusal.ts'
import { acceptsGzip, sendError } from './rest/respond.ts'

const ALLOW = 'GET, HEAD, OPTIONS'

interface Content {
  readonly plain: Buffer
  readonly gzipped: Buffer
  readonly etag: string
}

/**
 * Serves a file that does not change while the process runs. It is read, and kept, when it is first asked for. Callers keep it too,
 * and ask each time whether it is still the same: another version of the server may answer next.
 */
export function staticFile(file: string, contentType: string, headers: Readonly<Record<string, string>> = {}): HttpHandler {
  let loading: Promise<Content> | undefined
  return async (request, response) => {
    if (request.method === 'OPTIONS') return void response.writeHead(204, { allow: ALLOW }).end()
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(request, response)
    loading ??= load(file)
    send(await loading, request, response, { ...headers, 'content-type': contentType })
  }
}

async function load(file: string): Promise<Content> {
  const plain = await readFile(file)
  const hash = createHash('sha256').update(plain).digest('base64url').slice(0, 22)
  // Weak: it stands for the packed form too.
  return { plain, gzipped: await promisify(gzip)(plain), etag: `W/"${hash}"` }
}

function send(content: Content, request: IncomingMessage, response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  const { plain, gzipped, etag } = content
  const vary = [response.getHeader('vary') ?? [], 'accept-encoding'].flat().join(', ')
  const caching = { etag, 'cache-control': 'no-cache', vary, 'x-content-type-options': 'nosniff' }
  if (request.headers['if-none-match']?.includes(etag)) return void response.writeHead(304, caching).end()
  const packed = acceptsGzip(request)
  const body = packed ? gzipped : plain
  const encoding = packed ? { 'content-encoding': 'gzip' } : {}
  response.writeHead(200, { ...headers, ...caching, ...encoding, 'content-length': body.length })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function refuse(request: IncomingMessage, response: ServerResponse): void {
  const message = `${request.method} is not possible here. Possible: ${ALLOW}.`
  sendError(request, response, new HttpRefusal(405, 'METHOD_NOT_FOUND', message, { allow: ALLOW }), requestIdFrom(undefined))
}
