import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyRepository } from './lib/copy-repository.ts'
import { root, run } from './lib/run.ts'

/** One defect per check: the files to plant, and what the check must then say. */
const DEFECTS: Readonly<Record<string, { readonly files: Readonly<Record<string, string>>; readonly says: string }>> = {
  generated: {
    files: { 'gen/src/chat4all/v1/planted_pb.js': 'export const planted = 1\n' },
    says: 'gen/src/chat4all/v1/planted_pb.js',
  },
  'proto-lint': {
    files: { 'proto/chat4all/v1/planted.proto': 'syntax = "proto3";\n\npackage chat4all.v1;\n\nmessage planted {}\n' },
    says: 'proto/chat4all/v1/planted.proto',
  },
  'proto-format': {
    files: { 'proto/chat4all/v1/planted.proto': 'syntax="proto3"; package chat4all.v1;' },
    says: 'proto/chat4all/v1/planted.proto',
  },
  'proto-breaking': {
    files: { 'proto/chat4all/v1/contract.proto': contract('int64') },
    says: 'Field "1" with name "planted" on message "Contract" changed type',
  },
  types: { files: { 'scripts/planted.ts': "export const planted: number = 'one'\n" }, says: 'scripts/planted.ts' },
  style: { files: { 'scripts/planted.ts': 'var planted = 1;\nexport { planted }\n' }, says: 'scripts/planted.ts' },
  unused: { files: { 'packages/base/src/planted.ts': 'export const planted = 1\n' }, says: 'packages/base/src/planted.ts' },
  deploy: {
    files: { 'deploy/compose/planted.yaml': 'services: { planted: { environment: { CHAT4ALL_PLANTED: 1 } } }\n' },
    says: 'deploy/compose/planted.yaml: no service reads CHAT4ALL_PLANTED',
  },
  licences: {
    files: {
      'node_modules/.pnpm/planted@1.0.0/node_modules/planted/package.json':
        '{ "name": "planted", "version": "1.0.0", "license": "AGPL-3.0-only" }',
    },
    says: 'planted@1.0.0: "AGPL-3.0-only"',
  },
}

/** One forbidden import per rule of .dependency-cruiser.mjs. */
const FORBIDDEN_IMPORTS: Readonly<Record<string, readonly [file: string, imported: string]>> = {
  'no-cycles': ['packages/base/src/planted-cycle-a.ts', './planted-cycle-b.ts'],
  resolvable: ['packages/base/src/planted-nowhere.ts', './planted-missing.ts'],
  'services-apart': ['services/gateway/src/planted-service.ts', '../../directory/src/planted.ts'],
  'packages-below-services': ['packages/base/src/planted-service.ts', '../../../services/directory/src/planted.ts'],
  'ports-on-base-alone': ['packages/ports/src/planted-driver.ts', 'node:fs'],
  'engines-behind-ports': ['services/gateway/src/planted-engine.ts', '../../../packages/engines/embedded/src/planted.ts'],
  'sqlite-in-the-embedded-engine': ['services/sequencer/src/planted-sqlite.ts', 'node:sqlite'],
  'grpc-js-in-rpc': ['services/gateway/src/planted-grpc.ts', '@grpc/grpc-js'],
  'sdk-apart-from-the-server': ['sdk/typescript/src/planted-server.ts', '../../../packages/base/src/planted.ts'],
  'cli-on-the-sdk-alone': ['sdk/cli/src/planted-contract.ts', '../../../gen/src/chat4all/v1/access_pb.js'],
  'no-test-code-in-production': ['services/gateway/src/planted-test-code.ts', '../../../packages/testkit/src/planted.ts'],
}

function contract(type: string): string {
  return `syntax = "proto3";\n\npackage chat4all.v1;\n\n// A contract.\nmessage Contract {\n  // Planted.\n  ${type} planted = 1;\n}\n`
}

describe('make check', () => {
  let copy: string

  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'chat4all-check-'))
    await copyRepository(copy)
    await write({ 'proto/chat4all/v1/contract.proto': contract('string') })
    await commitAll()
  })
  afterAll(() => rm(copy, { recursive: true, force: true }))

  async function write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(copy, file)), { recursive: true })
      await writeFile(join(copy, file), text)
    }
  }

  async function commitAll(): Promise<void> {
    const identity = ['-c', 'user.name=test', '-c', 'user.email=test@localhost']
    await run('git', ['init', '--quiet', '--initial-branch=main'], copy)
    await run('git', ['add', 'buf.yaml', 'proto', 'third_party'], copy)
    expect(await run('git', [...identity, 'commit', '--quiet', '--message=baseline'], copy)).toEqual({ ok: true, output: '' })
  }

  /** Runs one check in the copy while the files are there. */
  async function checkWith(name: string, files: Readonly<Record<string, string>>) {
    await write(files)
    const outcome = await run(process.execPath, ['scripts/check.ts', name], copy)
    for (const file of Object.keys(files)) await rm(join(copy, file))
    return outcome
  }

  it.each(Object.entries(DEFECTS))('fails on a planted defect: %s', async (name, { files, says }) => {
    const { ok, output } = await checkWith(name, files)
    expect(output).toContain(says)
    expect(output).toContain(`FAIL  ${name}`)
    expect(ok).toBe(false)
  })

  it('says so when there is nothing to compare the contracts with', async () => {
    await rename(join(copy, '.git'), join(copy, '.git-away'))
    const { ok, output } = await run(process.execPath, ['scripts/check.ts', 'proto-breaking'], copy)
    await rename(join(copy, '.git-away'), join(copy, '.git'))
    expect(output).toContain('skipped: no contracts to compare with at main, origin/main, HEAD~1')
    expect(ok).toBe(true)
  })

  it('fails on an import that breaks a rule, for every rule', async () => {
    const planted = Object.values(FORBIDDEN_IMPORTS).map(([file, imported]) => [file, `import '${imported}'\n`])
    const imported = ['packages/base', 'packages/testkit', 'packages/engines/embedded', 'services/directory']
    const targets = imported.map((folder) => [`${folder}/src/planted.ts`, 'export const planted = 1\n'])
    const cycle = { 'packages/base/src/planted-cycle-b.ts': "import './planted-cycle-a.ts'\n" }
    const { ok, output } = await checkWith('layers', { ...Object.fromEntries([...planted, ...targets]), ...cycle })
    for (const [rule, [file]] of Object.entries(FORBIDDEN_IMPORTS)) expect(output).toContain(`${rule}: ${file} imports`)
    expect(ok).toBe(false)
  })

  it('plants a forbidden import for every rule there is', async () => {
    const { default: rules } = (await import(join(root, '.dependency-cruiser.mjs'))) as { default: { forbidden: { name: string }[] } }
    expect(Object.keys(FORBIDDEN_IMPORTS)).toEqual(rules.forbidden.map(({ name }) => name))
  })

  it('fails when the import rules were applied to no module', async () => {
    await write({ '.dependency-cruiser.mjs': 'export default { forbidden: [], options: { exclude: { path: ".*" } } }\n' })
    const { ok, output } = await run(process.execPath, ['scripts/check.ts', 'layers'], copy)
    expect(output).toContain('no module was read')
    expect(ok).toBe(false)
  })
})
