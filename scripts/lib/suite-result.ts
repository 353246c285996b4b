/** What a suite reports to scripts/test.ts. */
export interface SuiteResult {
  readonly passed: number
  /** Names of failed tests with their errors, of files that could not be run, and errors outside of tests. */
  readonly failed: readonly string[]
  readonly skipped: readonly SkippedTest[]
}

interface SkippedTest {
  readonly name: string
  /** As the test gave it. */
  readonly reason: string
}

/** Names the file that the reporter writes. */
export const RESULT_FILE_VARIABLE = 'CHAT4ALL_SUITE_RESULT'
