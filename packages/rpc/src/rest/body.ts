import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import type { JsonValue } from '@bufbuild/protobuf'
import { ChatError } from '@chat4all/base'
import { compressionGzip } from '@connectrpc/connect-node'
import { readError } from '../connect-requests.ts'
import type { Binding } from './bindings.ts'
import { HttpRefusal } from './http-refusal.ts'

const EMPTY = Buffer.alloc(0)
const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i

/** The body of a request as JSON. Undefined: there is none. */
export interface Body {
  readonly json: JsonValue | undefined
  readonly bytes: number
}

/** Reads and decodes the body that a binding asks for. */
export async function readBody(binding: Binding, request: IncomingMessage, maxBytes: number): Promise<Body> {
  const packed = hasBody(request) ? await readAll(request, maxBytes) : EMPTY
  if (packed.length === 0) return { json: undefined, bytes: 0 }
  if (binding.body === undefined) throw new ChatError('REQUEST_MALFORMED', 'This call takes no body.')
  const bytes = await unpack(packed, request.headers['content-encoding'], maxBytes)
  return { json: decode(binding, request.headers['content-type'], bytes), bytes: bytes.length }
}

function decode(binding: Binding, contentType: string | undefined, bytes: Buffer): JsonValue {
  if (takesHttpBody(binding)) return { content_type: contentType ?? '', data: bytes.toString('base64') }
  if (contentType !== undefined && !JSON_TYPE.test(contentType))
    throw new HttpRefusal(415, 'REQUEST_MALFORMED', 'The content type must be application/json.', { accept: 'application/json' })
  if (!isUtf8(bytes)) throw notJson()
  try {
    return JSON.parse(bytes.toString('utf8')) as JsonValue
  } catch {
    throw notJson()
  }
}

function takesHttpBody({ desc, body }: Binding): boolean {
  return (body === '*' ? desc.input : body?.message)?.typeName === 'google.api.HttpBody'
}

function hasBody(request: IncomingMessage): boolean {
  if ('stream' in request) return !(request as unknown as Http2ServerRequest).stream.endAfterHeaders
  return request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined
}

/** Resolves never when the caller goes away: the call is cut short then. */
function readAll(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const refuse = () => {
      request.removeAllListeners('data')
      reject(new ChatError('REQUEST_TOO_LARGE', `The request is larger than ${maxBytes} bytes.`))
    }
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) return refuse()
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > maxBytes) refuse()
      else chunks.push(chunk)
    })
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    request.on('error', () => {})
  })
}

async function unpack(bytes: Buffer, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
  if (encoding === undefined || encoding === 'identity') return bytes
  if (encoding !== 'gzip')
    throw new HttpRefusal(415, 'REQUEST_MALFORMED', 'The body may be compressed with gzip, or not at all.', {
      'accept-encoding': 'gzip, identity',
    })
  try {
    return Buffer.from(await compressionGzip.decompress(bytes, maxBytes))
  } catch (error) {
    throw readError(error)
  }
}

function notJson(): ChatError {
  return new ChatError('REQUEST_MALFORMED', 'The body is not valid JSON.')
}
