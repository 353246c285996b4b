import { connect, constants } from 'node:http2'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { anyUnpack } from '@bufbuild/protobuf/wkt'
import { SubscribeRequestSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { SendMessageRequestSchema, SendStreamRequestSchema } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { ErrorInfoSchema } from '@chat4all/gen/google/rpc/error_details_pb.js'
import { StatusSchema } from '@chat4all/gen/google/rpc/status_pb.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { as, textTo } from './fixture.ts'
import { Fronts } from './fronts.ts'

let fronts: Fronts
beforeAll(async () => {
  fronts = await Fronts.start()
})
afterAll(() => fronts[Symbol.asyncDispose]())

const SEND = '/chat4all.v1.MessageService/SendMessage'
const SEND_STREAM = '/chat4all.v1.MessageService/SendStream'
const SUBSCRIBE = '/chat4all.v1.LiveService/Subscribe'
const GOOD: Readonly<Record<string, Uint8Array>> = {
  [SEND]: toBinary(SendMessageRequestSchema, create(SendMessageRequestSchema, textTo('bob'))),
  [SEND_STREAM]: toBinary(SendStreamRequestSchema, create(SendStreamRequestSchema, { messages: [textTo('bob')] })),
  [SUBSCRIBE]: toBinary(SubscribeRequestSchema, create(SubscribeRequestSchema, {})),
}

const TRUNCATED = Buffer.from([0x0a, 0x7f, 0x61])
const WRONG_WIRE_TYPE = Buffer.from([0x09, 1, 2, 3])
const BAD_UTF8 = Buffer.from([0x0a, 0x02, 0xff, 0xfe])
const NOISE = Buffer.from('ffffffffffffffffffffffff', 'hex')
const DEEP = nested(20_000)
const GARBAGE = { TRUNCATED, WRONG_WIRE_TYPE, BAD_UTF8, NOISE, DEEP }

/** A group inside a group inside a group. */
function nested(depth: number): Buffer {
  return Buffer.concat([Buffer.alloc(depth, 0x0b), Buffer.alloc(depth, 0x0c)])
}

function frame(bytes: Uint8Array, announced = bytes.byteLength): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(announced, 1)
  return Buffer.concat([head, bytes])
}

interface Reply {
  readonly http: number
  readonly code: string | undefined
  readonly reason: string | undefined
}

/** Calls over HTTP/2 with any bytes: all of them on one connection, to see that it survives. */
function session(port: number) {
  const http2 = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 100 })
  const call = (path: string, contentType: string, body: Uint8Array, endStream = true) =>
    new Promise<Reply>((resolve, reject) => {
      const stream = http2.request({ ':method': 'POST', ':path': path, 'content-type': contentType, te: 'trailers', ...as('user') })
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

const GRPC = { type: 'application/grpc', wrap: frame, invalid: '3', exhausted: '8', ok: '0' }
const WEB = { ...GRPC, type: 'application/grpc-web+proto' }
const STREAM = {
  type: 'application/connect+proto',
  wrap: frame,
  invalid: 'invalid_argument',
  exhausted: 'resource_exhausted',
  ok: undefined,
}
const UNARY = { ...STREAM, type: 'application/proto', wrap: (bytes: Uint8Array) => Buffer.from(bytes) }

describe.each([
  { front: 'gRPC', port: () => fronts.grpc.port, unary: GRPC, stream: GRPC },
  { front: 'gRPC on the HTTP port', port: () => fronts.http.port, unary: GRPC, stream: GRPC },
  { front: 'gRPC-Web', port: () => fronts.http.port, unary: WEB, stream: WEB },
  { front: 'Connect', port: () => fronts.http.port, unary: UNARY, stream: STREAM },
])('$front', ({ port, unary, stream }) => {
  test('answers undecodable bytes with REQUEST_MALFORMED and keeps the connection', async () => {
    const { call, close } = session(port())
    for (const path of [SEND, SEND_STREAM, SUBSCRIBE]) {
      const { type, wrap, invalid, ok } = path === SEND ? unary : stream
      for (const [kind, bytes] of Object.entries(GARBAGE)) {
        expect({ path, kind, ...(await call(path, type, wrap(bytes))) }).toMatchObject({
          path,
          kind,
          code: invalid,
          reason: 'REQUEST_MALFORMED',
        })
      }
      expect(await call(path, type, wrap(GOOD[path]!))).toMatchObject({ http: 200, code: ok })
    }
    close()
  })

  test('refuses a request above 4 MiB with REQUEST_TOO_LARGE, also while it is still being sent', async () => {
    const { call, close } = session(port())
    for (const path of [SEND, SEND_STREAM, SUBSCRIBE]) {
      const { type, wrap, exhausted, ok } = path === SEND ? unary : stream
      const huge = Buffer.alloc(5 * 1024 * 1024)
      const refusal = { code: exhausted, reason: 'REQUEST_TOO_LARGE' }
      expect({ path, ...(await call(path, type, wrap(huge))) }).toMatchObject({ path, ...refusal })
      if (wrap === frame)
        expect({ path, ...(await call(path, type, frame(GOOD[path]!, huge.length), false)) }).toMatchObject({ path, ...refusal })
      expect(await call(path, type, wrap(GOOD[path]!))).toMatchObject({ http: 200, code: ok })
    }
    close()
  })

  test('answers a truncated frame', async () => {
    const { call, close } = session(port())
    for (const path of [SEND, SUBSCRIBE]) {
      const { type, wrap } = path === SEND ? unary : stream
      if (wrap === frame) expect((await call(path, type, frame(GOOD[path]!, 1000))).code).not.toBe('0')
    }
    close()
  })

  test('knows no other methods', async () => {
    const { call, close } = session(port())
    const { http, code } = await call('/chat4all.v1.MessageService/Nothing', unary.type, unary.wrap(NOISE))
    expect([`${http} ${code}`]).toEqual(unary === UNARY ? ['404 not_found'] : ['200 12'])
    close()
  })
})

test('answers text that is no JSON, or not JSON of the message, with REQUEST_MALFORMED over HTTP/1.1', async () => {
  for (const body of ['{', '[]', '{"message_id": 7}', '\xff', '']) {
    const response = await fetch(`http://127.0.0.1:${fronts.http.port}${SEND}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...as('user') },
      body: Buffer.from(body, 'latin1'),
    })
    expect({ body, status: response.status, ...((await response.json()) as object) }).toMatchObject({
      body,
      status: 400,
      code: 'invalid_argument',
      details: [{ type: 'google.rpc.ErrorInfo', debug: { reason: 'REQUEST_MALFORMED', domain: 'chat4all' } }],
    })
  }
})

test('refuses a request above 4 MiB over HTTP/1.1 with an answer, not a broken connection', async () => {
  const response = await fetch(`http://127.0.0.1:${fronts.http.port}${SEND}`, {
    method: 'POST',
    headers: { 'content-type': 'application/proto', ...as('user') },
    body: Buffer.alloc(8 * 1024 * 1024),
  })
  expect(response.status).toBe(429)
  expect(await response.json()).toMatchObject({ code: 'resource_exhausted', details: [{ debug: { reason: 'REQUEST_TOO_LARGE' } }] })
})
