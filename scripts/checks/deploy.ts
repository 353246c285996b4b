import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Outcome, root, run } from '../lib/run.ts'

const CHART = 'deploy/kubernetes/chat4all'
const EXAMPLE = `${CHART}/ci/example-values.yaml`
/** The oldest Kubernetes that the chart allows. A helm built from source would take itself for a far older one. */
const KUBERNETES = ['--kube-version', '1.30.0']

/** Whether the compose files and the chart hold together, and set only variables that a service reads. */
export async function checkDeploy(): Promise<Outcome & { readonly skipped?: string }> {
  const compose = findTool('docker-compose')
  const helm = findTool('helm')
  const outcomes = [
    checkVariables(),
    ...(compose
      ? await Promise.all(['single', 'mesh'].map((name) => run(compose, ['-f', `deploy/compose/${name}.yaml`, 'config', '-q'])))
      : []),
    ...(helm ? [await run(helm, ['lint', CHART, '--strict', '--quiet', '--values', EXAMPLE, ...KUBERNETES])] : []),
    ...(helm ? [await render(helm)] : []),
  ]
  const failed = outcomes.filter(({ ok }) => !ok)
  const missing = [compose ? '' : 'docker compose', helm ? '' : 'helm'].filter(Boolean)
  return {
    ok: failed.length === 0,
    output: failed.map(({ output }) => output).join('\n'),
    ...(missing.length > 0 ? { skipped: `without ${missing.join(' and ')}: deploy/tools builds them` } : {}),
  }
}

async function render(helm: string): Promise<Outcome> {
  const rendered = await run(helm, ['template', 'release', CHART, '--values', EXAMPLE, ...KUBERNETES])
  return { ok: rendered.ok, output: rendered.ok ? '' : rendered.output }
}

/** What deploy/tools built, or what the machine has. */
function findTool(name: string): string | undefined {
  const folders = [join(root, '.cache/deploy'), ...(process.env.PATH ?? '').split(':')]
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/** A variable that nothing reads is a setting without effect: a misspelt name, or one that was renamed. */
function checkVariables(): Outcome {
  const read = new Set(globSync('{services,packages}/**/src/**/*.ts', { cwd: root }).flatMap((file) => namesIn(file)))
  const unread = globSync(['deploy/images/Dockerfile', 'deploy/compose/*.yaml', `${CHART}/templates/*`], { cwd: root })
    .flatMap((file) => namesIn(file).map((name) => ({ file, name: name.replace(/_FILE$/, '') })))
    .filter(({ name }) => !read.has(name))
  return { ok: unread.length === 0, output: unread.map(({ file, name }) => `${file}: no service reads ${name}`).join('\n') }
}

/** The variables that a file names. `${…}` is the compose file's own. */
function namesIn(file: string): readonly string[] {
  return readFileSync(join(root, file), 'utf8').match(/(?<!\$\{)\bCHAT4ALL_[A-Z0-9_]+/g) ?? []
}
