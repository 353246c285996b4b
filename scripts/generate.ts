/** Writes gen/ from proto/: `make gen`. */
import { generate } from './lib/generate.ts'
import { root } from './lib/run.ts'

const { ok, output } = await generate(root)
process.stdout.write(output)
process.exitCode = ok ? 0 : 1
