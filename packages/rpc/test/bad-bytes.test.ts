import { create, toBinary } from '@bufbuild/protobuf'
import { SubscribeRequestSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { SendMessageRequestSchema, SendStreamRequestSchema } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { as, textTo } from './fixture.ts'
import { Fronts } from './fronts.ts'
import { frame, session } from './raw-call.ts'

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

test.each([
  { front: 'gRPC', port: () => fronts.grpc.port, type: GRPC.type, header: 'grpc-timeout', timeout: '50m', code: '4' },
  { front: 'gRPC on the HTTP port', port: () => fronts.http.port, type: GRPC.type, header: 'grpc-timeout', timeout: '50m', code: '4' },
  {
    front: 'Connect',
    port: () => fronts.http.port,
    type: UNARY.type,
    header: 'connect-timeout-ms',
    timeout: '50',
    code: 'deadline_exceeded',
  },
])('the server itself ends a call at its deadline: $front', async ({ port, type, header, timeout, code }) => {
  const { call, close } = session(port())
  const message = toBinary(SendMessageRequestSchema, create(SendMessageRequestSchema, textTo('hang')))
  const body = type === UNARY.type ? message : frame(message)
  expect(await call(SEND, type, body, true, { [header]: timeout })).toMatchObject({ code, reason: 'DEADLINE_EXCEEDED' })
  close()
})
