/** Bundles the command into one file for Node 20 and newer, so that it starts quickly and needs no installed package. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { build } from 'esbuild'

const cli = resolve(import.meta.dirname, '..')
const { version } = JSON.parse(readFileSync(resolve(cli, 'package.json'), 'utf8')) as { version: string }

await build({
  absWorkingDir: cli,
  entryPoints: ['src/main.ts'],
  outfile: 'dist/chat4all.js',
  bundle: true,
  minify: true,
  keepNames: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  define: { CHAT4ALL_VERSION: JSON.stringify(version) },
  // Commander is CommonJS and requires modules of Node.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
})
