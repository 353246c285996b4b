import { type Outcome, run } from '../lib/run.ts'

const FOLDERS = ['packages', 'services', 'sdk', 'tests', 'scripts']

interface Cruise {
  readonly summary: { readonly totalCruised: number; readonly totalDependenciesCruised: number; readonly violations: readonly Violation[] }
}
interface Violation {
  readonly from: string
  readonly to: string
  readonly rule: { readonly name: string }
}

/** Whether every import keeps the rules of .dependency-cruiser.mjs. */
export async function checkLayers(): Promise<Outcome> {
  const { output } = await run('depcruise', ['--config', '.dependency-cruiser.mjs', '--output-type', 'json', ...FOLDERS])
  if (!output.startsWith('{')) return { ok: false, output }
  const { summary } = JSON.parse(output) as Cruise
  // With a compiler that it does not know, dependency-cruiser reads nothing and finds nothing wrong.
  if (summary.totalCruised === 0 || summary.totalDependenciesCruised === 0) return { ok: false, output: 'no module was read' }
  const lines = summary.violations.map((violation) => `${violation.rule.name}: ${violation.from} imports ${violation.to}`)
  return { ok: lines.length === 0, output: lines.join('\n') }
}
