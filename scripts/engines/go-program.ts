import { join } from 'node:path'
import { ENGINES, type EngineName } from '../../packages/testkit/src/engines/catalogue.ts'
import { run, runOrThrow } from '../lib/run.ts'
import type { Recipe } from './recipe.ts'

/** An engine that Go builds from its published module. */
export function goProgram(name: EngineName, packagePath: string): Recipe {
  const { file, version } = ENGINES[name]
  return {
    name,
    lacks: async () => ((await run('go', ['version'])).ok ? undefined : 'Go is not installed: see https://go.dev/doc/install'),
    advice: 'Go gets the sources of modules: see that `go env GOPROXY` names a server that it reaches, and that `go version` is recent.',
    bring: async (folder) => {
      await runOrThrow('go', ['install', '-ldflags', '-s -w', `${packagePath}@v${version}`], { GOBIN: folder })
    },
    versionIn: async (folder) => {
      const program = join(folder, file)
      await runOrThrow(program, ['--version'])
      // Not every program knows its own version; what Go built is written into the file.
      return (await run('go', ['version', '-m', program])).output.match(/^\s*mod\s+\S+\s+v(\S+)/m)?.[1] ?? version
    },
  }
}
