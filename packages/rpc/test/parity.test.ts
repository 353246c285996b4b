import { LiveService } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import { MessageService } from '@chat4all/gen/chat4all/v1/message_service_pb.js'
import { createClient, type Transport } from '@connectrpc/connect'
import { createGrpcTransport } from '@connectrpc/connect-node'
import { expect, test } from 'vitest'
import { inMemoryTransport, startGrpcServer } from '../src/index.ts'
import { authenticate, authorization, MESSAGE, Seen, services } from './fixture.ts'

test('smoke', async () => {
  const seen = new Seen()
  await using server = await startGrpcServer({ host: '127.0.0.1', port: 0, services: services(seen), authenticate })
  const transports: Transport[] = [
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${server.port}` }),
    inMemoryTransport(services(seen), authenticate),
  ]
  for (const transport of transports) {
    const client = createClient(MessageService, transport)
    const headers = authorization('user')
    const r = await client.sendMessage(
      { messageId: MESSAGE, to: 'bob', payload: { content: { case: 'text', value: 'hi' } } as never },
      { headers },
    )
    expect(r.conversationId).toBe('ada')
    await expect(client.sendMessage({ messageId: MESSAGE, to: 'bob' }, { headers })).rejects.toThrow('payload')
    await expect(client.sendMessage({ messageId: MESSAGE, to: 'bob' })).rejects.toThrow('token')
    const live = createClient(LiveService, transport)
    const got = []
    for await (const m of live.subscribe({}, { headers })) got.push(m)
    expect(got.length).toBe(4)
    async function* many() {
      for (let i = 0; i < 3; i++)
        yield { messages: [{ messageId: MESSAGE, to: 'bob', payload: { content: { case: 'text' as const, value: 'hi' } } }] }
    }
    const res = []
    for await (const m of client.sendStream(many() as never, { headers })) res.push(m)
    expect(res.length).toBe(3)
  }
})
