import { connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { LiveService } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { createClient } from '@connectrpc/connect'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { MaxAge, reasonOf, startGrpcServer, startHttpServer } from '../src/index.ts'
import { as, authenticate, Seen, services, textTo } from './fixture.ts'
import { type FrontName, Fronts } from './fronts.ts'

const headers = as('user')
const NETWORK_FRONTS: FrontName[] = [
  'grpc-js',
  'grpc-js on the HTTP port',
  'Connect on HTTP/1.1',
  'Connect on HTTP/2',
  'gRPC-Web on HTTP/1.1',
]

let fronts: Fronts
beforeEach(async () => {
  fronts = await Fronts.start()
})
afterEach(() => fronts[Symbol.asyncDispose]())

const serverOf = (name: FrontName) => (name === 'grpc-js' ? fronts.grpc : fronts.http)
const reasonAfter = (call: Promise<unknown>) =>
  call.then(
    () => 'OK',
    (error: unknown) => reasonOf(error),
  )

describe.each(NETWORK_FRONTS)('stopping: %s', (name) => {
  test('lets unary calls finish and takes no new ones', async () => {
    const release = Promise.withResolvers<void>()
    fronts.seen.hold = release.promise
    const client = createClient(MessageService, fronts.transports[name])
    const call = client.sendMessage(textTo('bob'), { headers })
    await vi.waitFor(() => expect(fronts.seen.contexts).toHaveLength(1))
    const stopped = serverOf(name).stop()
    expect(await refused(serverOf(name).port)).toBe(true)
    release.resolve()
    expect(await reasonAfter(call)).toBe('OK')
    await stopped
  })

  test('ends streams with SHUTTING_DOWN', async () => {
    const client = createClient(LiveService, fronts.transports[name])
    const responses = client.subscribe({ cursor: 'idle' }, { headers })[Symbol.asyncIterator]()
    await responses.next()
    const end = reasonAfter(responses.next())
    await serverOf(name).stop()
    expect(await end).toBe('SHUTTING_DOWN')
    expect(fronts.seen.contexts[0]?.signal.reason).toMatchObject({ reason: 'SHUTTING_DOWN' })
  })

  test('cuts what has not finished in time', async () => {
    const client = createClient(MessageService, fronts.transports[name])
    const call = reasonAfter(client.sendMessage(textTo('hang'), { headers }))
    await vi.waitFor(() => expect(fronts.seen.contexts).toHaveLength(1))
    await serverOf(name).stop(50)
    expect(await call).not.toBe('OK')
    await vi.waitFor(() => expect(fronts.seen.contexts[0]?.signal.aborted).toBe(true))
  })
})

test.each<FrontName>(['grpc-js', 'Connect on HTTP/2'])('stopping finishes the message that a two-way stream works on: %s', async (name) => {
  const release = Promise.withResolvers<void>()
  fronts.seen.hold = release.promise
  async function* requests() {
    yield { messages: [textTo('bob')] }
    await new Promise(() => {})
  }
  const responses = createClient(MessageService, fronts.transports[name]).sendStream(requests(), { headers })[Symbol.asyncIterator]()
  const first = responses.next()
  await vi.waitFor(() => expect(fronts.seen.contexts).toHaveLength(1))
  const stopped = serverOf(name).stop()
  release.resolve()
  expect((await first).value?.results).toHaveLength(1)
  expect(await reasonAfter(responses.next())).toBe('SHUTTING_DOWN')
  await stopped
})

describe('connections that waste the time of the server', () => {
  const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
  const bad = {
    silent: '',
    'half a preface': PREFACE.slice(0, 10),
    'a preface only': PREFACE,
    'half a request': 'GET / HTTP/1.1\r\nhost: a\r\n',
  }

  test.each(Object.entries(bad))('%s is closed after the handshake time', async (_name, bytes) => {
    const serving = { host: '127.0.0.1', port: 0, services: services(new Seen()), authenticate, handshakeMs: 100 }
    await using grpc = await startGrpcServer(serving)
    await using http = await startHttpServer(serving)
    for (const { port } of [grpc, http]) {
      const socket = connect(port, '127.0.0.1')
      socket.write(bytes)
      await closed(socket)
    }
  })

  test('more connections of one address than it may have are closed, until others go', async () => {
    const serving = { host: '127.0.0.1', port: 0, services: services(new Seen()), authenticate, maxConnectionsPerAddress: 2 }
    await using grpc = await startGrpcServer(serving)
    await using http = await startHttpServer(serving)
    for (const { port } of [grpc, http]) {
      const [first, second] = [await opened(port), await opened(port)]
      await closed(connect(port, '127.0.0.1'))
      first.destroy()
      await vi.waitFor(async () => {
        const third = await opened(port)
        await new Promise((resolve) => setTimeout(resolve, 50))
        expect(third.closed).toBe(false)
        third.destroy()
      })
      second.destroy()
    }
  })

  test('headers beyond the limit end their connection or call, and the server lives on', async () => {
    for (const { port } of [fronts.grpc, fronts.http]) {
      const http2 = connectHttp2(`http://127.0.0.1:${port}`)
      http2.on('error', () => {})
      const stream = http2.request({ ':method': 'POST', ':path': '/', 'content-type': 'application/grpc', big: 'x'.repeat(100_000) })
      stream.on('error', () => {})
      await new Promise((resolve) => stream.once('close', resolve))
      http2.destroy()
    }
    for (const name of ['grpc-js', 'Connect on HTTP/2'] as const) {
      expect(await reasonAfter(createClient(MessageService, fronts.transports[name]).sendMessage(textTo('bob'), { headers }))).toBe('OK')
    }
  })
})

test.each<FrontName>(['grpc-js', 'Connect on HTTP/1.1', 'Connect on HTTP/2'])(
  'a stream that is open for long makes room: %s',
  async (name) => {
    await using aging = await Fronts.start({ maxAge: new MaxAge(300, 20) })
    const started = performance.now()
    const responses = createClient(LiveService, aging.transports[name]).subscribe({ cursor: 'idle' }, { headers })[Symbol.asyncIterator]()
    await responses.next()
    expect(await reasonAfter(responses.next())).toBe('SHUTTING_DOWN')
    expect(performance.now() - started).toBeGreaterThan(250)
  },
)

test('a connection that is open for long takes no more calls, and finishes those that it has', async () => {
  await using aging = await Fronts.start({ maxAge: new MaxAge(300, 20) })
  for (const { port } of [aging.grpc, aging.http]) {
    const http2 = connectHttp2(`http://127.0.0.1:${port}`)
    const goaway = new Promise((resolve) => http2.once('goaway', resolve))
    const end = new Promise((resolve) => http2.once('close', resolve))
    expect(await goaway).toBe(0)
    await end
  }
})

test('starting on a taken port fails', async () => {
  const serving = { host: '127.0.0.1', port: fronts.grpc.port, services: [], authenticate }
  await expect(startGrpcServer(serving)).rejects.toThrow('EADDRINUSE')
  await expect(startHttpServer(serving)).rejects.toThrow('EADDRINUSE')
})

function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()
  return new Promise((resolve) => socket.once('connect', () => resolve(socket)))
}

function closed(socket: Socket): Promise<void> {
  socket.on('error', () => {})
  socket.resume()
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

function refused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', () => resolve(true))
  })
}
