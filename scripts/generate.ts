/** Writes gen/src from proto/ and the vendored definitions, with the plugins in node_modules: no registry, no network. */
import { run } from './lib/run.ts'

const { ok, output } = await run('buf', ['generate'])
process.stdout.write(output)
process.exitCode = ok ? 0 : 1
