import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Outcome, root } from '../lib/run.ts'

interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly license?: unknown
}

/** Whether a licence expression (SPDX) leaves a way to use the package without AGPL or GPL. LGPL passes. */
function isAllowed(licence: unknown): boolean {
  if (typeof licence !== 'string' || licence === 'UNLICENSED') return false
  return licence.split(' OR ').some((choice) => !/\bA?GPL/i.test(choice))
}

/** Whether every installed package, whatever it is used for, may be used and passed on. */
export async function checkLicences(): Promise<Outcome> {
  const files = globSync('node_modules/.pnpm/*/node_modules/{*,@*/*}/package.json', { cwd: root })
  const manifests = files.map((file) => JSON.parse(readFileSync(join(root, file), 'utf8')) as Manifest).filter(({ name }) => name)
  if (manifests.length === 0) return { ok: false, output: 'no installed package was found' }
  const refused = manifests.filter(({ license }) => !isAllowed(license))
  const lines = new Set(refused.map(({ name, version, license }) => `${name}@${version}: ${JSON.stringify(license) ?? 'no licence'}`))
  return { ok: lines.size === 0, output: [...lines].join('\n') }
}
