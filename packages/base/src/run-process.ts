/** A clean stop takes a moment; one that takes longer than this is cut short, which loses nothing that was acknowledged. */
const STOP_MS = 20_000

/** Encoded messages come from Node's buffer pool. With its default of 8 KiB most would be allocations of their own, and the collector would pay for them. */
const BUFFER_POOL_BYTES = 1024 * 1024

/** The life of a server process: starts it, stops it on SIGINT and SIGTERM, and exits: 0 after a clean stop, 1 after any failure. */
export async function runProcess(name: string, start: () => Promise<AsyncDisposable>): Promise<void> {
  const fail = (error: unknown): never => {
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    process.exit(1)
  }
  Buffer.poolSize = BUFFER_POOL_BYTES
  try {
    const server = await start()
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        console.error(`${name}: stopping`)
        setTimeout(() => fail(new Error('the stop took too long')), STOP_MS).unref()
        server[Symbol.asyncDispose]().then(() => process.exit(0), fail)
      })
  } catch (error) {
    fail(error)
  }
}
