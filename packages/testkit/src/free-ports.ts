import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below what Linux and macOS hand out for outgoing connections: while a killed server is down, a client that keeps on
 * reconnecting would sooner or later be given the server's own port, and the server could not come back.
 */
const FIRST = 10_000
const COUNT = 22_000

/** Processes start far from each other, so that tests that run side by side do not choose the same ports. */
let offset = (process.pid * 40) % COUNT

/** Ports nobody listens on, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  for (let tries = 0; ports.length < count; tries++) {
    if (tries === COUNT) throw new Error(`no free port from ${FIRST} to ${FIRST + COUNT - 1}`)
    const port = FIRST + (offset++ % COUNT)
    if (await isFree(port)) ports.push(port)
  }
  return ports
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    const listening = once(server, 'listening')
    server.listen(port, '127.0.0.1')
    await listening
    await once(server.close(), 'close')
    return true
  } catch {
    return false
  }
}
