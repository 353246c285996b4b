import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { TestServer } from '@chat4all/testkit'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const run = promisify(execFile)
const sdk = resolve(import.meta.dirname, '..')
const tool = createRequire(import.meta.url).resolve
const NODE_20 = join(sdk, 'node_modules/node20/bin/node')

/** Where a user of the package installed it. */
let home: string
let tarball: string

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'chat4all-sdk-'))
  await runNode(sdk, join(sdk, 'scripts/build.ts'))
  await pnpm(sdk, 'pack', '--pack-destination', home)
  tarball = join(home, readdirSync(home).find((name) => name.endsWith('.tgz'))!)
  writeFileSync(join(home, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  await pnpm(home, 'add', '--prefer-offline', '--ignore-workspace', tarball)
  cpSync(join(import.meta.dirname, 'installed.js'), join(home, 'installed.js'))
}, 120_000)

afterAll(() => rmSync(home, { recursive: true, force: true }))

const pnpm = (cwd: string, ...args: readonly string[]) => output('npx', ['--yes', 'pnpm@10.34.9', ...args], cwd)
const runNode = (cwd: string, ...args: readonly string[]) => output(process.execPath, args, cwd)

/** What a program writes. Its failure shows what it wrote. */
async function output(program: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await run(program, args, { cwd }).catch((error) => {
    throw new Error(`${error.message}\n${error.stdout}`)
  })
  return stdout
}

describe('the published package', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await TestServer.start()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const converse = async (node: string, prefix: string, script = 'installed.js', url = `http://${server.address}`) => {
    const { client_id, client_secret } = server.credentials
    return JSON.parse(await output(node, [join(home, script), url, client_id, client_secret, prefix], home))
  }
  const conversation = { received: ['one', 'two', 'three'], states: ['SENT', 'DELIVERED'], proven: true, refused: 'USER_NOT_FOUND' }

  test('sends, receives and proves under Node 24', async () => {
    expect(await converse(process.execPath, 'n24')).toEqual({ node: '24', ...conversation })
  })

  test('sends, receives and proves under Node 20', async ({ skip }) => {
    if (process.platform !== 'linux' || process.arch !== 'x64') skip('the node20 package has no program for this platform')
    expect(await converse(NODE_20, 'n20')).toEqual({ node: '20', ...conversation })
  })

  test('sends, receives and proves from a browser bundle, over fetch', async () => {
    const bundle = { bundle: true, format: 'esm', platform: 'browser', outfile: join(home, 'bundle.js') } as const
    await build({ ...bundle, entryPoints: [join(home, 'installed.js')] })
    const answer = await converse(process.execPath, 'web', 'bundle.js', `http://127.0.0.1:${server.httpPort}`)
    expect(answer).toEqual({ node: '24', ...conversation })
  })

  test('has types that hold with the plainest library of a browser program', async () => {
    const consumer = join(home, 'consumer.ts')
    writeFileSync(consumer, CONSUMER)
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false']
    const options = ['--noEmit', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom', ...strict]
    await runNode(home, tool('typescript/bin/tsc'), ...options, consumer)
  })
})

describe('the package', () => {
  test('is what publint asks for', async () => {
    await runNode(home, join(dirname(tool('publint')), 'cli.js'), 'run', '--strict', tarball)
  })

  test('has types wherever it has code', async () => {
    const attw = join(dirname(tool('@arethetypeswrong/cli/package.json')), 'dist/index.js')
    await runNode(home, attw, tarball, '--profile', 'esm-only')
  })

  test('is below 60 KB in a browser, and has no Node code there', async () => {
    const entry = join(home, 'browser.js')
    writeFileSync(entry, "export * from '@chat4all/sdk'")
    const options = { bundle: true, minify: true, format: 'esm', platform: 'browser', write: false, metafile: true } as const
    const { outputFiles, metafile } = await build({ ...options, entryPoints: [entry] })
    const bytes = gzipSync(outputFiles[0]!.contents, { level: 9 }).length
    console.log(`browser bundle: ${(bytes / 1024).toFixed(1)} KB gzip`)
    expect(bytes).toBeLessThan(60 * 1024)
    expect(Object.keys(metafile.inputs).filter((path) => path.includes('connect-node'))).toEqual([])
  })
})

const CONSUMER = `
import { ChatError, connect, type LiveEvent, type Message } from '@chat4all/sdk'
const chat = connect({ token: async () => 'token' })
export async function follow(show: (message: Message) => void): Promise<void> {
  for await (const event of chat.subscribe()) {
    if (event.kind === 'messageCreated') show(event.value)
    if (event.kind === 'membersAdded') event.value.members.map(({ userId }) => userId.length)
    if (event.kind === 'disconnected') event.error.reason === 'CONNECTION_LOST'
    // @ts-expect-error no such kind
    if (event.kind === 'nonsense') return
  }
}
export const isRefused = (error: unknown): boolean => error instanceof ChatError && error.reason === 'NOT_A_MEMBER'
export const revision = (event: LiveEvent): bigint => ('revision' in event ? event.revision : 0n)
`
