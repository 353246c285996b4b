import { defineConfig } from 'vitest/config'

/** One project per kind of test (see docs/architecture.md): unit and conformance tests share threads, the rest run apart. */
export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/**/src/**/*.test.ts', 'services/*/src/**/*.test.ts', 'sdk/*/src/**/*.test.ts'],
          exclude: ['**/*.conformance.test.ts', '**/node_modules/**', '**/dist/**'],
          pool: 'threads',
          isolate: false,
        },
      },
      { test: { name: 'conformance', include: ['packages/**/src/**/*.conformance.test.ts'], pool: 'forks', testTimeout: 60_000 } },
      {
        test: {
          name: 'service',
          include: ['services/*/test/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'sdk/*/test/**/*.test.ts', 'scripts/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'mesh',
          include: ['tests/e2e/**/*.test.ts'],
          env: { CHAT4ALL_TEST_SYSTEM: 'mesh' },
          pool: 'forks',
          isolate: false,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      { test: { name: 'e2e', include: ['tests/e2e/**/*.test.ts'], pool: 'forks', testTimeout: 120_000, hookTimeout: 60_000 } },
      { test: { name: 'faults', include: ['tests/faults/*.test.ts'], pool: 'forks', fileParallelism: false, testTimeout: 900_000 } },
      {
        test: {
          name: 'mesh-faults',
          include: ['tests/faults/mesh/*.test.ts'],
          pool: 'forks',
          isolate: false,
          fileParallelism: false,
          testTimeout: 900_000,
        },
      },
    ],
  },
})
