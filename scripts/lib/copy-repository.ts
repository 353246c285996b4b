import { cp, mkdir, readdir, symlink } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { root, run } from './run.ts'

/** Copies the working tree, without what git ignores, and links the installed packages into the copy. */
export async function copyRepository(target: string): Promise<void> {
  const { output } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'])
  const deleted = new Set((await run('git', ['ls-files', '-z', '--deleted'])).output.split('\0'))
  const files = output.split('\0').filter((file) => file && !deleted.has(file))
  for (const file of files) await cp(join(root, file), join(target, file))
  const folders = new Set(['package.json', ...files.filter((file) => file.endsWith('/package.json'))].map(dirname))
  for (const folder of folders) await copyLinks(join(folder, 'node_modules'), target)
  await linkStore(join(root, 'node_modules/.pnpm'), join(target, 'node_modules/.pnpm'))
}

/** Copies a node_modules folder, which holds relative links into the store and the workspace: in the copy they lead into the copy. */
async function copyLinks(folder: string, target: string): Promise<void> {
  const from = join(root, folder)
  const filter = (path: string) => !relative(from, path).split(sep)[0]?.startsWith('.pnpm')
  await cp(from, join(target, folder), { recursive: true, verbatimSymlinks: true, filter }).catch((error) => {
    if (error.code !== 'ENOENT') throw error
  })
}

/** Links every package of the store by itself, so that a test can add one to the copy. */
async function linkStore(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const name of await readdir(from)) await symlink(join(from, name), join(to, name))
}
