import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ChatError } from '@chat4all/base'
import { compressionGzip } from '@connectrpc/connect-node'
import { isGone } from '../gone.ts'
import { REQUEST_ID_HEADER } from '../request-id.ts'
import { errorHeaders, errorJson, httpStatusOf } from './errors.ts'

/** Responses of this size are worth the CPU of compression. */
const COMPRESS_FROM_BYTES = 8 * 1024
const ACCEPTS_GZIP = /(?:^|[,\s])gzip(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i

export interface Answer {
  readonly contentType: string
  readonly bytes: Buffer
}

export async function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { contentType, bytes }: Answer,
  requestId: string,
): Promise<void> {
  const compress = bytes.length >= COMPRESS_FROM_BYTES && acceptsGzip(request)
  const body = compress ? Buffer.from(await compressionGzip.compress(bytes)) : bytes
  send(request, response, 200, body, {
    'content-type': contentType,
    [REQUEST_ID_HEADER]: requestId,
    ...(compress ? { 'content-encoding': 'gzip' } : {}),
  })
}

export function acceptsGzip(request: IncomingMessage): boolean {
  return ACCEPTS_GZIP.test(`${request.headers['accept-encoding'] ?? ''}`)
}

export function sendError(request: IncomingMessage, response: ServerResponse, error: ChatError, requestId: string): void {
  send(request, response, httpStatusOf(error), Buffer.from(JSON.stringify(errorJson(error))), {
    ...errorHeaders(error),
    'content-type': 'application/json',
    [REQUEST_ID_HEADER]: requestId,
  })
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: Buffer,
  headers: Readonly<Record<string, string>>,
): void {
  if (isGone(response) || response.headersSent) return
  const isHead = request.method === 'HEAD'
  // Nobody knows the length of a stream before its end.
  const length = isHead && body.length === 0 ? {} : { 'content-length': body.length }
  // Answers can hold tokens and messages.
  response.writeHead(status, { ...headers, ...length, 'cache-control': 'no-store' })
  response.end(isHead ? undefined : body)
}
