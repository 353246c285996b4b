import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { freePorts } from '../../packages/testkit/src/free-ports.ts'
import { Balancer } from './balancer.ts'

/** A server that says its name to whoever says something. */
async function named(name: string, stack: AsyncDisposableStack): Promise<number> {
  const [port] = (await freePorts(1)) as [number]
  const server = createServer((socket) => socket.once('data', () => socket.end(name)).on('error', () => {})).listen(port, '127.0.0.1')
  await once(server, 'listening')
  stack.defer(() => void server.close())
  return port
}

/** What a client reads until the end of its connection. */
async function ask(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {}).write('hello')
  return (
    await socket
      .setEncoding('utf8')
      .toArray()
      .catch(() => [])
  ).join('')
}

test('passes connections on to what is up, in turn', async () => {
  await using stack = new AsyncDisposableStack()
  const [a, b, nobody, front] = [await named('a', stack), await named('b', stack), ...(await freePorts(2))] as [
    number,
    number,
    number,
    number,
  ]
  let up: readonly number[] = [a, b]
  stack.use(await Balancer.listen(front, () => up))
  expect([await ask(front), await ask(front), await ask(front)].sort()).toEqual(expect.arrayContaining(['a', 'b']))
  up = [nobody, b]
  expect([await ask(front), await ask(front)]).toEqual(['b', 'b'])
  up = []
  expect(await ask(front)).toBe('')
})
