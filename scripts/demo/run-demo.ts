import { type EngineName, engineMissing } from '../../packages/testkit/src/index.ts'

const MESH: readonly EngineName[] = ['nats', 'cassandra', 'postgres', 's3']

/** Shows the help, or plays a demo to its end and exits: 0 if it says that all is well, 1 if not. Ctrl-C ends it with all that it started. */
export async function runDemo(help: string, play: () => Promise<boolean>, engines = MESH): Promise<void> {
  if (process.argv.slice(2).some((argument) => ['--help', '-h'].includes(argument))) return console.log(help)
  // What was started ends with this process, however it ends.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  try {
    const missing = engineMissing(...engines)
    if (missing !== undefined) throw new Error(missing)
    process.exit((await play()) ? 0 : 1)
  } catch (error) {
    console.error(`\nThe demo failed: ${(error as Error).message}`)
    process.exit(1)
  }
}
