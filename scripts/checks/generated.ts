import { join } from 'node:path'
import { type Outcome, run } from '../lib/run.ts'
import { withTempDir } from '../lib/temp.ts'

/** Whether gen/src is what proto/ generates. */
export function checkGenerated(): Promise<Outcome> {
  return withTempDir(async (dir) => {
    const generated = await run('buf', ['generate', '--output', dir])
    if (!generated.ok) return generated
    return run('git', ['diff', '--no-index', '--name-status', 'gen/src', join(dir, 'gen/src')])
  })
}
