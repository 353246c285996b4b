import { join } from 'node:path'
import { generate } from '../lib/generate.ts'
import { type Outcome, run } from '../lib/run.ts'
import { withTempDir } from '../lib/temp.ts'

/** Whether gen/ is what proto/ generates. */
export function checkGenerated(): Promise<Outcome> {
  return withTempDir(async (dir) => {
    const generated = await generate(dir)
    if (!generated.ok) return generated
    const differences = ['gen/src', 'gen/openapi.json'].map((path) =>
      run('git', ['diff', '--no-index', '--name-status', path, join(dir, path)]),
    )
    const outcomes = await Promise.all(differences)
    return { ok: outcomes.every(({ ok }) => ok), output: outcomes.map(({ output }) => output).join('') }
  })
}
