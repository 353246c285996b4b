import { spawn } from 'node:child_process'
import { delimiter, dirname, join, resolve } from 'node:path'

/** The repository. */
export const root = resolve(import.meta.dirname, '../..')

/** What a program did. */
export interface Outcome {
  readonly ok: boolean
  /** What it wrote, standard output and standard error together. */
  readonly output: string
}

/** The environment in which a tool from node_modules/.bin runs on the pinned Node. */
const env = {
  ...process.env,
  NO_COLOR: '1',
  PATH: [dirname(process.execPath), join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
}

/** Runs a program to its end. Never throws for what the program does. */
export function run(program: string, args: readonly string[], cwd = root, variables: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const { promise, resolve: done } = Promise.withResolvers<Outcome>()
  const child = spawn(program, args, { cwd, env: { ...env, ...variables }, stdio: ['ignore', 'pipe', 'pipe'] })
  const pieces: Buffer[] = []
  child.stdout.on('data', (piece) => pieces.push(piece))
  child.stderr.on('data', (piece) => pieces.push(piece))
  child.on('error', (error) => done({ ok: false, output: `${program}: ${error.message}` }))
  child.on('close', (code) => done({ ok: code === 0, output: Buffer.concat(pieces).toString() }))
  return promise
}

/** The output of a program that must succeed. */
export async function runOrThrow(program: string, args: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<string> {
  const { ok, output } = await run(program, args, root, variables)
  if (!ok) throw new Error(`\`${program} ${args.join(' ')}\` failed:\n${output.trim().slice(-3000)}`)
  return output
}
