import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/**
 * Below what Linux and macOS hand out for outgoing connections: while a killed server is down, a client that keeps on
 * reconnecting would sooner or later be given the server's own port, and the server could not come back.
 */
const FIRST = 10_000
/** A process takes a block of ports, so that tests that run side by side never choose the same port, not even one whose server is down. */
const BLOCK = 100
const BLOCKS = 220

let block: readonly number[] = []
let used = 0

/** Ports nobody listens on, all different, and given to nobody else while this process lives. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    if (used === block.length) await takeBlock()
    const port = block[used++]!
    if (await closed(port)) ports.push(port)
  }
  return ports
}

/** Takes a block by listening on its first port until this process ends. */
async function takeBlock(): Promise<void> {
  for (let tries = 0; tries < BLOCKS; tries++) {
    const first = FIRST + ((process.pid + tries) % BLOCKS) * BLOCK
    const mark = await listen(first)
    if (!mark) continue
    mark.unref()
    block = Array.from({ length: BLOCK - 1 }, (_, index) => first + 1 + index)
    used = 0
    return
  }
  throw new Error(`no block of ports is free from ${FIRST} to ${FIRST + BLOCKS * BLOCK - 1}`)
}

async function closed(port: number): Promise<boolean> {
  const server = await listen(port)
  if (!server) return false
  await once(server.close(), 'close')
  return true
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer()
  const listening = once(server, 'listening')
  server.listen(port, '127.0.0.1')
  return await listening.then(
    () => server,
    () => undefined,
  )
}
