import { readConfig } from './config.ts'
import { type RunningServer, startServer } from './server.ts'
import { startScreen } from './start-screen.ts'

/** A clean stop takes a moment; one that takes longer than this is cut short, which loses nothing that was acknowledged. */
const STOP_MS = 20_000

/** Encoded messages come from Node's buffer pool. With its default of 8 KiB most would be allocations of their own, and the collector would pay for them. */
const BUFFER_POOL_BYTES = 1024 * 1024

function fail(error: unknown): never {
  console.error(`chat4all: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}

function stopOn(server: RunningServer, signal: NodeJS.Signals): void {
  process.once(signal, () => {
    console.error('chat4all: stopping')
    setTimeout(() => fail(new Error('the stop took too long')), STOP_MS).unref()
    server[Symbol.asyncDispose]().then(() => process.exit(0), fail)
  })
}

Buffer.poolSize = BUFFER_POOL_BYTES

try {
  const config = readConfig(process.env)
  const server = await startServer(config)
  stopOn(server, 'SIGINT')
  stopOn(server, 'SIGTERM')
  console.log(startScreen(config, server))
} catch (error) {
  fail(error)
}
