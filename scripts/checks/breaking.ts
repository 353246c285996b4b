import { join } from 'node:path'
import { type Outcome, run } from '../lib/run.ts'
import { withTempDir } from '../lib/temp.ts'

/** Where the contracts that clients rely on are found. A shallow or detached clone may have no main branch. */
const BASELINES = ['main', 'origin/main', 'HEAD~1']

/** Whether clients built from the main branch can still talk to this tree. */
export async function checkBreaking(): Promise<Outcome & { readonly skipped?: string }> {
  const baseline = await findBaseline()
  if (!baseline) return { ok: true, output: '', skipped: `no contracts to compare with at ${BASELINES.join(', ')}` }
  return withTempDir(async (dir) => {
    const archive = join(dir, 'baseline.tar')
    const taken = await run('git', ['archive', '--output', archive, baseline, 'buf.yaml', 'proto', 'third_party'])
    const unpacked = taken.ok ? await run('tar', ['-xf', archive, '-C', dir]) : taken
    return unpacked.ok ? run('buf', ['breaking', '--against', dir]) : unpacked
  })
}

async function findBaseline(): Promise<string | undefined> {
  for (const ref of BASELINES) {
    const holdsContracts = await run('git', ['cat-file', '-e', `${ref}:buf.yaml`])
    if (holdsContracts.ok) return ref
  }
  return undefined
}
