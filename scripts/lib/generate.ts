import { join } from 'node:path'
import { type Outcome, run } from './run.ts'
import { withTempDir } from './temp.ts'

/** Writes gen/src and gen/openapi.json from proto/ and the vendored definitions into a folder, with the plugins in node_modules: no registry, no network. */
export async function generate(folder: string): Promise<Outcome> {
  const code = await run('buf', ['generate', '--output', folder])
  return code.ok ? generateDocument(join(folder, 'gen/openapi.json')) : code
}

/** From descriptors that have the comments, which the generated code has not. */
function generateDocument(target: string): Promise<Outcome> {
  return withTempDir(async (dir) => {
    const descriptors = join(dir, 'descriptors.binpb')
    const built = await run('buf', ['build', 'proto', '--as-file-descriptor-set', '--output', descriptors])
    return built.ok ? run('node', ['scripts/openapi.ts', descriptors, target]) : built
  })
}
