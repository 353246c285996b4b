/** Which code may import which. `make check` runs these rules; scripts/check.test.ts proves that each of them can fail. */

const tests = '(\\.test\\.ts$|/test/|^tests/|^packages/testkit/|/conformance/|/src/testing/)'

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

export default {
  forbidden: [
    rule('no-cycles', 'Data flows one way: a cycle hides which file is the base of the other.', {}, { circular: true }),
    rule('resolvable', 'The import leads nowhere.', {}, { couldNotResolve: true }),
    rule(
      'services-apart',
      'Services talk through generated clients or the log; only services/all composes them.',
      { path: '^services/([^/]+)/', pathNot: '^services/all/' },
      { path: '^services/', pathNot: '^services/$1/' },
    ),
    rule('packages-below-services', 'Packages serve services and know none.', { path: '^packages/' }, { path: '^services/' }),
    rule(
      'ports-on-base-alone',
      'A port is a contract: no engine, no Protobuf, no transport.',
      { path: '^packages/ports/', pathNot: tests },
      { pathNot: '^packages/(ports|base)/' },
    ),
    rule(
      'engines-behind-ports',
      'Only the compositions name an engine: of one process, and of services apart.',
      { path: '^(services|packages|sdk)/', pathNot: `^(services/all|packages/engines|packages/mesh)/|${tests}` },
      { path: '^packages/engines/' },
    ),
    rule(
      'sqlite-in-the-embedded-engine',
      'Nothing above the ports knows SQLite. Tests may read and damage its files.',
      { pathNot: `^packages/engines/embedded/|${tests}` },
      { path: '^(node:)?sqlite$' },
    ),
    rule(
      'grpc-js-in-rpc',
      'The gRPC server stays replaceable behind packages/rpc. Tests may be foreign clients.',
      { path: '^(services|packages)/', pathNot: `^packages/rpc/|${tests}` },
      { path: '(^|/)@grpc/grpc-js(/|$)' },
    ),
    rule(
      'sdk-apart-from-the-server',
      'What users install carries no server code.',
      { path: '^sdk/', pathNot: tests },
      { path: '^(packages|services|tests)/' },
    ),
    rule(
      'cli-on-the-sdk-alone',
      'What the CLI needs, every user of the SDK needs.',
      { path: '^sdk/cli/', pathNot: tests },
      { path: '^gen/|(^|/)@(connectrpc|bufbuild)/' },
    ),
    rule(
      'no-test-code-in-production',
      'Test code may import production code, not the other way round.',
      { path: '^(packages|services|sdk)/', pathNot: tests },
      { path: tests },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules|^gen/' },
    exclude: { path: '/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
}
