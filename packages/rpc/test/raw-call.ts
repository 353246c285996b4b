import { connect, constants } from 'node:http2'
import { fromBinary } from '@bufbuild/protobuf'
import { anyUnpack } from '@bufbuild/protobuf/wkt'
import { ErrorInfoSchema } from '@chat4all/gen/google/rpc/error_details_pb.js'
import { StatusSchema } from '@chat4all/gen/google/rpc/status_pb.js'
import { as } from './fixture.ts'

/** A message in the frame of gRPC, which Connect streams share. */
export function frame(bytes: Uint8Array, announced = bytes.byteLength): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(announced, 1)
  return Buffer.concat([head, bytes])
}

export interface Reply {
  readonly http: number
  readonly code: string | undefined
  readonly reason: string | undefined
}

/** Calls over HTTP/2 with any bytes: all of them on one connection, to see that it survives. */
export function session(port: number) {
  const http2 = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 100 })
  const call = (path: string, contentType: string, body: Uint8Array, endStream = true, more: Record<string, string> = {}) =>
    new Promise<Reply>((resolve, reject) => {
      const stream = http2.request({
        ':method': 'POST',
        ':path': path,
        'content-type': contentType,
        te: 'trailers',
        ...as('user'),
        ...more,
      })
      const chunks: Buffer[] = []
      let headers: Record<string, unknown> = {}
      stream.on('response', (got) => {
        headers = { ...headers, ...got }
      })
      stream.on('trailers', (got) => {
        headers = { ...headers, ...got }
      })
      stream.on('data', (chunk) => chunks.push(chunk))
      stream.on('error', reject)
      stream.on('close', () => resolve(replyOf(headers, Buffer.concat(chunks))))
      stream.on('end', () => stream.close(constants.NGHTTP2_NO_ERROR))
      if (endStream) stream.end(body)
      else stream.write(body)
    })
  return { call, close: () => http2.destroy() }
}

function replyOf(headers: Record<string, unknown>, body: Buffer): Reply {
  const http = Number(headers[':status'])
  const trailers = new Map(Object.entries(headers))
  const type = String(headers['content-type'])
  if (type.startsWith('application/grpc-web')) {
    for (const line of trailerFrame(body).toString().split('\r\n'))
      trailers.set(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim())
  }
  if (type.startsWith('application/grpc')) {
    const packed = trailers.get('grpc-status-details-bin')
    const details = typeof packed === 'string' ? fromBinary(StatusSchema, Buffer.from(packed, 'base64')).details : []
    const code = String(trailers.get('grpc-status'))
    return { http, code, reason: details.map((any) => anyUnpack(any, ErrorInfoSchema)?.reason).find(Boolean) }
  }
  if (http === 200 && type === 'application/proto') return { http, code: undefined, reason: undefined }
  const json = JSON.parse((type.startsWith('application/connect') ? trailerFrame(body) : body).toString() || '{}')
  const error = json.error ?? json
  return { http, code: error.code, reason: error.details?.[0]?.debug?.reason }
}

/** The last frame of a response body: where gRPC-Web and Connect put their status. */
function trailerFrame(body: Buffer): Buffer {
  let at = 0
  while (at < body.length && (body[at]! & 0x82) === 0) at += 5 + body.readUInt32BE(at + 1)
  return body.subarray(at + 5)
}
