/** What must hold before the tests: `make check`, or `scripts/node scripts/check.ts <name>…` for some of it. */
import { checkBreaking } from './checks/breaking.ts'
import { checkDeploy } from './checks/deploy.ts'
import { checkGenerated } from './checks/generated.ts'
import { checkLayers } from './checks/layers.ts'
import { checkLicences } from './checks/licences.ts'
import { type Outcome, run } from './lib/run.ts'

interface Check {
  readonly name: string
  readonly run: () => Promise<Outcome & { readonly skipped?: string }>
  /** What to do when it fails. */
  readonly fix: string
}

const checks: readonly Check[] = [
  { name: 'generated', run: checkGenerated, fix: 'gen/ is not what proto/ generates: run `make gen` and commit it' },
  { name: 'proto-lint', run: () => run('buf', ['lint']), fix: 'change the .proto as said; the rules are in buf.yaml' },
  { name: 'proto-format', run: () => run('buf', ['format', 'proto', '--diff', '--exit-code']), fix: 'run `make format`' },
  {
    name: 'proto-breaking',
    run: checkBreaking,
    fix: 'clients in use would break: keep the old field or RPC and add a new one beside it',
  },
  { name: 'types', run: () => run('tsc', ['--project', '.']), fix: 'correct the types' },
  {
    name: 'style',
    run: () => run('biome', ['check', '--error-on-warnings', '--diagnostic-level=warn', '--max-diagnostics=none']),
    fix: 'run `make format`, then correct what is left',
  },
  {
    name: 'unused',
    run: () => run('knip', ['--no-progress', '--no-config-hints']),
    fix: 'remove what nothing uses, or use it; knip.json names the entry points',
  },
  { name: 'layers', run: checkLayers, fix: 'turn the import around; .dependency-cruiser.mjs says why each rule stands' },
  { name: 'deploy', run: checkDeploy, fix: 'correct deploy/ as said; deploy/README.md describes it' },
  { name: 'licences', run: checkLicences, fix: 'use another package: AGPL and GPL are refused, and so is a package without a licence' },
]

/** Runs one check and prints its line. Returns whether it holds. */
async function report(check: Check): Promise<boolean> {
  const start = performance.now()
  const { ok, output, skipped } = await check.run()
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${ok ? 'ok  ' : 'FAIL'}  ${check.name.padEnd(14)} ${seconds.padStart(5)} s${skipped ? `  skipped: ${skipped}` : ''}`)
  if (!ok) console.log(`\n${output.trim().replaceAll(/^/gm, '      ')}\n\n      → ${check.fix}\n`)
  return ok
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !checks.some((check) => check.name === name))
if (unknown.length > 0) throw new Error(`no such check: ${unknown.join(', ')}; there are ${checks.map(({ name }) => name).join(', ')}`)
const chosen = checks.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
const failed: string[] = []
for (const check of chosen) if (!(await report(check))) failed.push(check.name)
console.log(
  failed.length === 0 ? `All ${chosen.length} checks hold.` : `${failed.length} of ${chosen.length} checks failed: ${failed.join(', ')}`,
)
process.exitCode = failed.length === 0 ? 0 : 1
