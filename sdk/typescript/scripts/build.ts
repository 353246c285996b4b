/** Builds dist/, the part of the package that is published: JavaScript and types for Node 20 and browsers, with the generated code they need. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { run } from '../../../scripts/lib/run.ts'

const dist = resolve(import.meta.dirname, '../dist')

async function step(program: string, ...args: string[]): Promise<void> {
  const { ok, output } = await run(program, args)
  if (!ok) throw new Error(`${program} failed:\n${output}`)
}

/** Types are resolved next to each other, so they must name files that exist: tsc rewrites `.ts` only in JavaScript. */
function renameTypeImports(): void {
  for (const name of readdirSync(dist).filter((file) => file.endsWith('.d.ts'))) {
    const file = join(dist, name)
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/(from|import\() ?'(\.\/[\w-]+)\.ts'/g, "$1 '$2.js'"))
  }
}

rmSync(dist, { recursive: true, force: true })
await step('buf', 'generate', '--template', 'sdk/typescript/buf.gen.yaml')
await step('tsc', '--project', 'sdk/typescript/tsconfig.build.json')
renameTypeImports()
