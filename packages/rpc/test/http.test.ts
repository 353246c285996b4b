import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { createClient } from '@connectrpc/connect'
import { compressionGzip, createConnectTransport } from '@connectrpc/connect-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Stoppable, startHttpServer } from '../src/index.ts'
import { as, authenticate, MESSAGE, Seen, services, textTo } from './fixture.ts'

let server: Stoppable
let base: string
beforeAll(async () => {
  server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    services: services(new Seen()),
    authenticate,
    corsOrigins: ['https://app.example', 'http://localhost:*'],
    routes: {
      '/healthz': (_request, response) => void response.end('ok'),
      '/broken': () => Promise.reject(new Error('secret')),
    },
  })
  base = `http://127.0.0.1:${server.port}`
})
afterAll(() => server.stop(1000))

const SEND = '/chat4all.v1.MessageService/SendMessage'
const body = JSON.stringify({ messageId: MESSAGE, to: 'bob', payload: { text: 'hello' }, of_a_newer_client: 1 })
const post = (headers: Record<string, string>) =>
  fetch(`${base}${SEND}`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })

test('serves JSON to plain HTTP clients and ignores fields it does not know', async () => {
  const response = await post(as('user'))
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({ status: 'SEND_STATUS_ACCEPTED', messageId: MESSAGE, conversationId: 'ada' })
})

test('serves RPCs without side effects by GET, and no others', async () => {
  const query = `encoding=json&message=${encodeURIComponent(JSON.stringify({ messageId: MESSAGE }))}`
  const get = (method: string) => fetch(`${base}/chat4all.v1.MessageService/${method}?${query}`, { headers: as('user') })
  expect(await (await get('GetMessage')).json()).toMatchObject({ message: { messageId: MESSAGE } })
  expect((await get('SendMessage')).status).toBe(405)
})

test('serves routes, and answers 404 elsewhere and 500 for a broken route', async () => {
  expect(await (await fetch(`${base}/healthz?x=1`)).text()).toBe('ok')
  expect((await fetch(`${base}/nothing`)).status).toBe(404)
  const broken = await fetch(`${base}/broken`)
  expect([broken.status, await broken.text()]).toEqual([500, ''])
})

test('lets the allowed origins call, and no others', async () => {
  for (const [origin, allowed] of [
    ['https://app.example', 'https://app.example'],
    ['http://localhost:5173', 'http://localhost:5173'],
    ['https://localhost:5173', null],
    ['https://app.example.evil', null],
    ['http://localhost.evil:80', null],
  ] as const) {
    expect((await post({ ...as('user'), origin })).headers.get('access-control-allow-origin')).toBe(allowed)
  }
})

test('answers preflights', async () => {
  const preflight = (origin: string) =>
    fetch(`${base}${SEND}`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } })
  const { status, headers } = await preflight('https://app.example')
  expect(status).toBe(204)
  expect(headers.get('access-control-allow-headers')).toContain('authorization')
  expect(headers.get('access-control-allow-methods')).toContain('POST')
  expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBe(null)
})

test('reads compressed requests and compresses large responses', async () => {
  const transport = createConnectTransport({ baseUrl: base, httpVersion: '1.1', sendCompression: compressionGzip, compressMinBytes: 0 })
  const client = createClient(MessageService, transport)
  expect(await client.sendMessage(textTo('bob'), { headers: as('user') })).toMatchObject({ messageId: MESSAGE })
  let encoding: string | null = null
  const onHeader = (header: Headers) => {
    encoding = header.get('content-encoding')
  }
  const { message } = await client.getMessage({ messageId: MESSAGE }, { headers: as('user'), onHeader })
  expect(message?.metadata.filler).toHaveLength(20_000)
  expect(encoding).toBe('gzip')
})

test('does not inflate a request beyond the limit', async () => {
  const bomb = await compressionGzip.compress(Buffer.alloc(64 * 1024 * 1024))
  const response = await fetch(`${base}${SEND}`, {
    method: 'POST',
    body: Buffer.from(bomb),
    headers: { 'content-type': 'application/proto', 'content-encoding': 'gzip', ...as('user') },
  })
  expect(await response.json()).toMatchObject({ code: 'resource_exhausted', details: [{ debug: { reason: 'REQUEST_TOO_LARGE' } }] })
})

test('asks for a token before it reads the request', async () => {
  const response = await fetch(`${base}${SEND}`, { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } })
  expect(response.status).toBe(401)
})

test('refuses a two-way stream over HTTP/1.1, which cannot carry it', async () => {
  const response = await fetch(`${base}/chat4all.v1.MessageService/SendStream`, {
    method: 'POST',
    headers: { 'content-type': 'application/connect+proto', ...as('user') },
  })
  expect(response.status).toBe(505)
})
