import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TcpProxy } from './tcp-proxy.ts'

describe('the TCP proxy', () => {
  let echo: Server
  let seen: { end: boolean }
  let proxy: TcpProxy
  let client: Socket

  beforeEach(async () => {
    const events = { end: false }
    seen = events
    echo = createServer((socket) => {
      socket.on('error', () => {}).pipe(socket)
      socket.on('end', () => {
        events.end = true
      })
    }).listen(0, '127.0.0.1')
    await once(echo, 'listening')
    proxy = await TcpProxy.start((echo.address() as AddressInfo).port)
    client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true })
    await once(client, 'connect')
  })
  afterEach(async () => {
    client.destroy()
    await proxy[Symbol.asyncDispose]()
    echo.close()
  })

  it('passes bytes both ways', async () => {
    client.write('hello')
    expect(String((await once(client, 'data'))[0])).toBe('hello')
  })

  it('lets no more than the given bytes per second through, and speeds up when told to', async () => {
    proxy.shape({ toClient: { bytesPerSecond: 1000 } })
    const started = performance.now()
    client.write(Buffer.alloc(50_000))
    let got = 0
    client.on('data', (chunk) => {
      got += chunk.length
    })
    await until(() => got >= 300)
    expect(performance.now() - started).toBeGreaterThan(150)
    expect(got).toBeLessThan(1000)
    proxy.shape({})
    await until(() => got === 50_000)
  })

  it('holds bytes back while it is a black hole, and loses none', async () => {
    proxy.shape({ toClient: { blackhole: true } })
    client.write('held')
    let got = ''
    client.on('data', (chunk) => {
      got += chunk
    })
    await until(() => proxy.connections === 1)
    expect(got).toBe('')
    proxy.shape({})
    await until(() => got === 'held')
  })

  it('throws bytes away', async () => {
    proxy.shape({ toServer: { drop: true } })
    client.write('dropped')
    await new Promise((resolve) => setTimeout(resolve, 50))
    proxy.shape({})
    client.write('kept')
    expect(String((await once(client, 'data'))[0])).toBe('kept')
  })

  it('delays what comes, and not once more for what came while it waited', async () => {
    proxy.shape({ toClient: { delayMs: 80 } })
    const started = performance.now()
    let got = ''
    client.on('data', (chunk) => {
      got += chunk
    })
    for (const letter of 'abcde') {
      client.write(letter)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await until(() => got === 'abcde')
    expect(performance.now() - started).toBeGreaterThan(75)
    expect(performance.now() - started).toBeLessThan(5 * 80)
  })

  it('hides from one side that the other has gone, until the partition heals', async () => {
    await until(() => proxy.connections === 1)
    proxy.partition()
    client.end('last words')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(seen.end).toBe(false)
    proxy.heal()
    expect(String((await once(client, 'data'))[0])).toBe('last words')
    await until(() => seen.end)
  })

  it('passes on that a connection broke', async () => {
    await until(() => proxy.connections === 1)
    client.resetAndDestroy()
    await until(() => proxy.connections === 0)
  })

  it('resets connections', async () => {
    await until(() => proxy.connections === 1)
    proxy.reset()
    const [error] = await once(client, 'error')
    expect(error.code).toBe('ECONNRESET')
  })

  it('half-closes connections', async () => {
    await until(() => proxy.connections === 1)
    proxy.halfClose()
    client.resume()
    await once(client, 'end')
    expect(client.writable).toBe(true)
  })

  it('half-closes connections towards the server', async () => {
    await until(() => proxy.connections === 1)
    proxy.halfClose('server')
    await until(() => seen.end)
  })
})

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}
