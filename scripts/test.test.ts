import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyRepository } from './lib/copy-repository.ts'
import { run } from './lib/run.ts'

const CONFIG = `export default { test: { projects: [{ test: { name: 'unit', include: ['planted.test.ts'] } }] } }\n`

describe('make test', () => {
  let copy: string

  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'chat4all-test-'))
    await copyRepository(copy)
    await writeFile(join(copy, 'vitest.config.ts'), CONFIG)
  })
  afterAll(() => rm(copy, { recursive: true, force: true }))

  /** Runs one suite that consists of these tests. Returns the lines it ends with. */
  async function runSuite(tests: string, variables: NodeJS.ProcessEnv = {}) {
    await writeFile(join(copy, 'planted.test.ts'), `import { expect, it } from 'vitest'\n${tests}\n`)
    const { ok, output } = await run(process.execPath, ['scripts/test.ts', 'unit'], copy, variables)
    return { ok, output, last: output.trimEnd().split('\n').at(-1), total: await readFile(join(copy, '.out/tests/total'), 'utf8') }
  }

  it('ends with the count and succeeds when every test passes', async () => {
    const suite = await runSuite("it('one', () => {}); it('two', () => {})")
    expect(suite).toMatchObject({ ok: true, last: '2 passed, 0 failed', total: '2 0\n' })
  })

  it('fails and names the tests that failed', async () => {
    const suite = await runSuite("it('one', () => {}); it('two', () => expect(1).toBe(2))")
    expect(suite).toMatchObject({ ok: false, last: '1 passed, 1 failed', total: '1 1\n' })
    expect(suite.output).toMatch(/failed: unit: planted\.test\.ts > two\n +expected 1 to be 2/)
  })

  it('fails on a skipped test and says why it was skipped', async () => {
    const suite = await runSuite("it('one', () => {}); it('two', (context) => context.skip('SOME_URL is not set'))")
    expect(suite).toMatchObject({ ok: false, last: '1 passed, 0 failed' })
    expect(suite.output).toMatch(/skipped: unit: planted\.test\.ts > two\n +SOME_URL is not set/)
  })

  describe('when an engine is missing', () => {
    const tests = `import { engineMissing } from './packages/testkit/src/engines/catalogue.ts'
      it('one', () => {})
      it.skipIf(engineMissing('nats'))('two', () => {})
      it('three', (context) => context.skip(engineMissing('nats') !== undefined, engineMissing('nats')))`
    const missing = { CHAT4ALL_ENGINES_CACHE: 'nowhere' }

    it('succeeds without what its engine needs, and says of each skipped test why it was', async () => {
      const suite = await runSuite(tests, { ...missing, PATH: dirname(process.execPath) })
      expect(suite).toMatchObject({ ok: true, last: '1 passed, 0 failed' })
      expect(suite.output).toMatch(/skipped: unit: planted\.test\.ts > two\n +missing engine: NATS server/)
      expect(suite.output).toMatch(/skipped: unit: planted\.test\.ts > three\n +missing engine: NATS server/)
    })

    it('fails where the engine could have been brought', async () => {
      const tools = join(copy, 'tools')
      await mkdir(tools)
      await writeFile(join(tools, 'go'), '#!/bin/sh\n', { mode: 0o755 })
      expect(await runSuite(tests, { ...missing, PATH: tools })).toMatchObject({ ok: false, last: '1 passed, 0 failed' })
    })
  })

  it('succeeds without a browser, and says so of each test that needs one', async () => {
    const tests = `import { browserMissing } from './packages/testkit/src/browser.ts'
      it('one', () => {})
      it('two', (context) => context.skip(browserMissing() !== undefined, browserMissing()))`
    const suite = await runSuite(tests, { CHAT4ALL_CHROMIUM: '', PATH: dirname(process.execPath) })
    expect(suite).toMatchObject({ ok: true, last: '1 passed, 0 failed' })
    expect(suite.output).toMatch(/skipped: unit: planted\.test\.ts > two\n +missing browser: install Chromium/)
  })

  it('counts a file that cannot be run as a failure', async () => {
    expect(await runSuite("import './missing.ts'")).toMatchObject({ ok: false, last: '0 passed, 1 failed' })
  })

  it('counts an error outside of tests as a failure', async () => {
    const suite = await runSuite("it('one', () => void Promise.reject(new Error('nobody waits')))")
    expect(suite).toMatchObject({ ok: false, last: '1 passed, 1 failed' })
    expect(suite.output).toContain('outside of tests: nobody waits')
  })

  it('counts a suite without tests as a failure', async () => {
    await writeFile(join(copy, 'vitest.config.ts'), CONFIG.replace('planted.test.ts', 'absent.test.ts'))
    expect(await runSuite('')).toMatchObject({ ok: false, last: '0 passed, 1 failed' })
  })
})
