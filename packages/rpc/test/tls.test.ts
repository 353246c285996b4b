import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { createClient } from '@connectrpc/connect'
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node'
import { generate } from 'selfsigned'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Stoppable, startGrpcServer, startHttpServer } from '../src/index.ts'
import { as, authenticate, MESSAGE, Seen, services } from './fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'chat4all-tls-'))
const tls = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') }
let http: Stoppable
let grpc: Stoppable
let ca: string
beforeAll(async () => {
  ca = await newCertificate('first')
  const serving = { host: '127.0.0.1', port: 0, services: services(new Seen()), authenticate, tls, handshakeMs: 500 }
  http = await startHttpServer({ ...serving, routes: { '/healthz': (_request, response) => void response.end('ok') } })
  grpc = await startGrpcServer(serving)
})
afterAll(async () => {
  await Promise.all([http.stop(1000), grpc.stop(1000)])
  rmSync(folder, { recursive: true })
})

async function newCertificate(name: string): Promise<string> {
  const extensions = [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }]
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], { extensions } as never)
  writeFileSync(tls.keyFile, key)
  writeFileSync(tls.certFile, cert)
  return cert
}

async function shakeHands(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca, ...options })
  await once(socket, 'secureConnect')
  return socket
}

describe('with TLS', () => {
  test.each(['gRPC', 'Connect'])('%s is served over HTTP/2', async (protocol) => {
    const nodeOptions = { ca }
    const transport =
      protocol === 'gRPC'
        ? createGrpcTransport({ baseUrl: `https://127.0.0.1:${grpc.port}`, nodeOptions })
        : createConnectTransport({ baseUrl: `https://127.0.0.1:${http.port}`, httpVersion: '2', nodeOptions })
    const client = createClient(MessageService, transport)
    expect(await client.getMessage({ messageId: MESSAGE }, { headers: as('user') })).toMatchObject({ message: { messageId: MESSAGE } })
  })

  test('HTTP/1.1 is served as well', async () => {
    const outgoing = request({ host: '127.0.0.1', port: http.port, path: '/healthz', ca, agent: false })
    outgoing.end()
    const [answer] = await once(outgoing, 'response')
    expect([answer.statusCode, answer.socket.getProtocol()]).toEqual([200, 'TLSv1.3'])
    answer.resume()
  })

  test.each(['gRPC', 'HTTP'])('TLS 1.2 is refused on the port of %s', async (port) => {
    const old = shakeHands(port === 'gRPC' ? grpc.port : http.port, { maxVersion: 'TLSv1.2' })
    await expect(old).rejects.toThrow(/protocol version|handshake/i)
  })

  test.each([
    ['says nothing', ''],
    ['speaks in the clear', 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n'],
  ])('who %s is hung up on', async (_, said) => {
    for (const { port } of [http, grpc]) {
      const socket = connectTcp(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write(said)
      socket.resume()
      await once(socket, 'close')
    }
  })

  test('who shakes hands and then says nothing is hung up on', async () => {
    for (const { port } of [http, grpc]) {
      const socket = await shakeHands(port, { ALPNProtocols: ['h2'] })
      socket.on('error', () => {})
      socket.resume()
      await once(socket, 'close')
    }
  })

  test('a certificate that is replaced is used without a restart, and one that is broken is not', async () => {
    const nameOf = async (options: ConnectionOptions) => {
      const socket = await shakeHands(http.port, options)
      const name = socket.getPeerCertificate().subject.CN
      socket.destroy()
      return name
    }
    expect(await nameOf({})).toBe('first')
    const open = await shakeHands(http.port)
    writeFileSync(tls.certFile, 'no certificate')
    ca = await newCertificate('second')
    await expect.poll(() => nameOf({ rejectUnauthorized: false }), { timeout: 15_000 }).toBe('second')
    expect(await nameOf({ ca })).toBe('second')
    open.destroy()
  }, 20_000)
})
