import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import type { TestServer } from '@chat4all/testkit'

export const BIN = resolve(import.meta.dirname, '../bin/chat4all.js')

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
  /** Standard output by lines. */
  readonly lines: readonly string[]
}

/** A running command. */
export class Running {
  readonly process: ChildProcess
  out = ''
  err = ''

  constructor(child: ChildProcess) {
    this.process = child
    child.stdout!.setEncoding('utf8').on('data', (piece: string) => {
      this.out += piece
    })
    child.stderr!.setEncoding('utf8').on('data', (piece: string) => {
      this.err += piece
    })
  }

  get lines(): readonly string[] {
    return this.out.split('\n').slice(0, -1)
  }

  async ended(): Promise<Ended> {
    const [code] = await once(this.process, 'close')
    return { code, out: this.out, err: this.err, lines: this.lines }
  }
}

export interface CliOptions {
  readonly node?: string
  readonly bin?: string
  readonly input?: string
  readonly env?: NodeJS.ProcessEnv
}

/** The command as users run it, against a server, with no terminal. */
export class Cli {
  readonly #server: TestServer

  constructor(server: TestServer) {
    this.#server = server
  }

  start(args: readonly string[], { node = process.execPath, bin = BIN, env = {} }: CliOptions = {}): Running {
    const settings = {
      CHAT4ALL_SERVER: `http://${this.#server.address}`,
      CHAT4ALL_DATA_DIR: this.#server.dataDir,
      XDG_CONFIG_HOME: this.#server.dataDir,
    }
    const child = spawn(node, [bin, ...args], { env: { PATH: process.env.PATH, ...settings, ...env }, stdio: 'pipe' })
    return new Running(child)
  }

  run(args: readonly string[], options: CliOptions = {}): Promise<Ended> {
    const running = this.start(args, options)
    running.process.stdin!.end(options.input ?? '')
    return running.ended()
  }
}
