import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { createClient } from '@connectrpc/connect'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { as, textTo } from './fixture.ts'
import { Fronts } from './fronts.ts'
import { continuation, headers, ping, RawConnection, reset, settings } from './http2-frames.ts'

const SEND = '/chat4all.v1.MessageService/SendMessage'
const COUNT = 20_000
const each = <T>(make: (index: number) => T) => Array.from({ length: COUNT }, (_, index) => make(index))

const floods: Readonly<Record<string, () => readonly Buffer[]>> = {
  'calls that are cancelled at once (CVE-2023-44487)': () =>
    each((index) => Buffer.concat([headers(2 * index + 1, SEND), reset(2 * index + 1)])),
  'PING frames': () => each(ping),
  'SETTINGS frames': () => each(settings),
  'headers without an end (CVE-2024-27983)': () => [headers(1, SEND, true), ...each(() => continuation(1, Buffer.from([0, 1, 97, 1, 98])))],
}

let fronts: Fronts
beforeAll(async () => {
  fronts = await Fronts.start()
})
afterAll(() => fronts[Symbol.asyncDispose]())

describe.each(['grpc', 'http'] as const)('on the port of %s', (server) => {
  test.each(Object.entries(floods))('%s end the connection, and nobody else notices', async (_name, flood) => {
    const transport = fronts.transports[server === 'grpc' ? 'grpc-js' : 'Connect on HTTP/2']
    const other = createClient(MessageService, transport)
    const call = () => other.sendMessage(textTo('bob'), { headers: as('user') })
    await call()
    const handled = fronts.seen.contexts.length
    const attacker = new RawConnection(fronts[server].port)
    await attacker.write(flood())
    await expect.poll(() => attacker.closed, { timeout: 5_000 }).toBe(true)
    expect(fronts.seen.contexts.length - handled).toBeLessThan(2_000)
    await call()
  })
})
