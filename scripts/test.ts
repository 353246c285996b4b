/** Runs every test suite, one after the other: `make test`, or `scripts/node scripts/test.ts <suite>…` for some of them. */
import { spawn } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BROWSER_MISSING } from '../packages/testkit/src/browser.ts'
import { ENGINES, engineMissing, MISSING_PREFIX } from '../packages/testkit/src/engines/catalogue.ts'
import { enginesOutOfReach } from './engines/recipes.ts'
import { root } from './lib/run.ts'
import { RESULT_FILE_VARIABLE, type SuiteResult } from './lib/suite-result.ts'

/** The projects of vitest.config.ts, quickest first. */
const SUITES = ['unit', 'conformance', 'service', 'e2e', 'faults', 'mesh']

/** They need the real servers. */
const ON_ENGINES = ['conformance', 'service', 'e2e', 'faults', 'mesh']

/** It needs all of them together. */
const ON_MESH = ['mesh']

/** A suite that hangs is killed and counts as failed. */
const SUITE_LIMIT_MS = 15 * 60_000

interface Run extends SuiteResult {
  readonly suite: string
  readonly seconds: number
}

async function runSuite(suite: string): Promise<Run> {
  const resultFile = join(root, '.out/tests', `${suite}.json`)
  rmSync(resultFile, { force: true })
  console.log(`\n── ${suite} ${'─'.repeat(70 - suite.length)}`)
  const start = performance.now()
  const exit = await runVitest(suite, resultFile)
  const seconds = (performance.now() - start) / 1000
  return { suite, seconds, ...readResult(resultFile, exit) }
}

/** The result of a suite that cannot run at all, because an engine is missing. */
function missesMesh(suite: string): Run | undefined {
  const missing = ON_MESH.includes(suite) ? engineMissing('nats', 'cassandra', 'postgres', 's3') : undefined
  return missing === undefined ? undefined : { suite, passed: 0, failed: [], skipped: [{ name: 'all of it', reason: missing }], seconds: 0 }
}

/** Brings the real servers. That this failed counts as one failure; the tests that lack them are skipped. */
async function runEngines(): Promise<Run> {
  console.log(`\n── engines ${'─'.repeat(63)}`)
  const start = performance.now()
  const exit = await runNode(['scripts/engines.ts'], {})
  const failed = exit === 'exit 0' ? [] : [`bringing the engines (${exit}); see above`]
  return { suite: 'engines', passed: 0, failed, skipped: [], seconds: (performance.now() - start) / 1000 }
}

/** Resolves with how vitest ended: 'exit 0' when all went well. */
function runVitest(suite: string, resultFile: string): Promise<string> {
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project',
    suite,
    '--reporter=default',
    '--reporter=./scripts/lib/suite-reporter.ts',
  ]
  return runNode(args, { [RESULT_FILE_VARIABLE]: resultFile })
}

function runNode(args: readonly string[], variables: NodeJS.ProcessEnv): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: SUITE_LIMIT_MS,
    killSignal: 'SIGKILL',
  })
  child.on('error', reject)
  child.on('close', (code, signal) => resolve(signal ? `killed by ${signal}` : `exit ${code}`))
  return promise
}

/** What the reporter wrote. A run that ended badly without naming a failed test is itself the failure. */
function readResult(resultFile: string, exit: string): SuiteResult {
  const result = parseResult(resultFile)
  const silent = exit !== 'exit 0' && result.failed.length === 0
  if (silent) return { ...result, failed: [`the run (${exit})`] }
  if (result.passed + result.failed.length + result.skipped.length === 0) return { ...result, failed: ['the run (no tests)'] }
  return result
}

function parseResult(resultFile: string): SuiteResult {
  try {
    return JSON.parse(readFileSync(resultFile, 'utf8')) as SuiteResult
  } catch {
    return { passed: 0, failed: [], skipped: [] }
  }
}

function printSummary(runs: readonly Run[]): void {
  console.log(`\n${'suite'.padEnd(14)}${['passed', 'failed', 'skipped', 'seconds'].map((title) => title.padStart(9)).join('')}`)
  for (const run of runs) {
    const cells = [run.passed, run.failed.length, run.skipped.length, run.seconds.toFixed(1)]
    console.log(run.suite.padEnd(14) + cells.map((cell) => String(cell).padStart(9)).join(''))
  }
  for (const { suite, failed, skipped } of runs) {
    for (const name of failed) console.log(`\nfailed: ${suite}: ${name}`)
    for (const { name, reason } of skipped) console.log(`\nskipped: ${suite}: ${name}\n         ${reason}`)
  }
}

/** How many of the skipped tests could have run: all but those for a browser that is not here, or an engine that this machine lacks the tools for. */
async function withoutExcuse(skipped: SuiteResult['skipped']): Promise<number> {
  if (skipped.length === 0) return 0
  const lacking = await enginesOutOfReach()
  const excused = ({ reason }: { reason: string }) =>
    reason.startsWith(BROWSER_MISSING) ||
    (reason.startsWith(MISSING_PREFIX) && lacking.some((name) => reason.includes(ENGINES[name].title)))
  return skipped.filter((test) => !excused(test)).length
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((suite) => !SUITES.includes(suite))
if (unknown.length > 0) throw new Error(`no such suite: ${unknown.join(', ')}; there are ${SUITES.join(', ')}`)

const runs: Run[] = []
for (const suite of SUITES.filter((name) => wanted.length === 0 || wanted.includes(name))) {
  if (ON_ENGINES.includes(suite) && !runs.some((run) => run.suite === 'engines')) runs.push(await runEngines())
  runs.push(missesMesh(suite) ?? (await runSuite(suite)))
}
printSummary(runs)

const sum = (count: (run: Run) => number) => runs.reduce((total, run) => total + count(run), 0)
const passed = sum((run) => run.passed)
const failed = sum((run) => run.failed.length)
const unexcused = await withoutExcuse(runs.flatMap((run) => run.skipped))
if (unexcused > 0) console.log(`\n${unexcused} skipped that could have run: this run does not count as passed`)
console.log(`\n${passed} passed, ${failed} failed`)
writeFileSync(join(root, '.out/tests/total'), `${passed} ${failed}\n`)
process.exitCode = failed + unexcused === 0 ? 0 : 1
