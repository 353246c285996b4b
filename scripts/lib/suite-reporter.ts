import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node'
import { ENGINE_NAMES, engineMissing } from '../../packages/testkit/src/engines/catalogue.ts'
import { RESULT_FILE_VARIABLE, type SuiteResult } from './suite-result.ts'

/** Writes what became of every test of a run, with the reasons why tests were skipped: vitest's own JSON leaves them out. */
export default class SuiteReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const inState = (state: string) => tests.filter((test) => test.result().state === state)
    const broken = modules.filter((module) => module.errors().length > 0)
    const result: SuiteResult = {
      passed: inState('passed').length,
      failed: [
        ...inState('failed').map((test) => `${nameOf(test)}\n        ${errorOf(test)}`),
        ...broken.map((module) => `${module.relativeModuleId} (the file itself)`),
        ...unhandled.map((error) => `outside of tests: ${error.message}`),
      ],
      skipped: [...inState('skipped'), ...inState('pending')].map((test) => ({ name: nameOf(test), reason: reasonOf(test) })),
    }
    const file = process.env[RESULT_FILE_VARIABLE]
    if (!file) throw new Error(`${RESULT_FILE_VARIABLE} is not set`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, JSON.stringify(result, null, 2))
  }
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`
}

/** The first line of it: the rest stands above, where the test failed. */
function errorOf(test: TestCase): string {
  return test.result().errors?.[0]?.message.split('\n')[0] ?? 'no error given'
}

/** As the test gave it. What is skipped before it runs (`describe.skipIf`) gives none: then it is the engines that are missing here. */
function reasonOf(test: TestCase): string {
  const result = test.result()
  return (result.state === 'skipped' && result.note) || engineMissing(...ENGINE_NAMES) || 'no reason given'
}
