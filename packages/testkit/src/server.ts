import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { freePorts } from './free-ports.ts'
import { RawClient } from './grpc-client.ts'
import type { Reading } from './history.ts'
import { ageChangesInSql, readThroughSql, storeFile } from './stores/sqlite.ts'
import type { Credentials, System } from './system.ts'
import { waitUntil } from './wait.ts'

const ROOT = join(import.meta.dirname, '../../..')

export interface ServerOptions {
  /** Where it keeps its data. Default: a temporary directory that goes away with it. */
  readonly dataDir?: string
  /** The CPUs it may run on. Default: those of this process. */
  readonly cpus?: readonly number[] | undefined
  readonly nodeArguments?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly readyTimeoutMs?: number
}

/** The real server, in a process of its own, on free ports. */
export class TestServer implements System {
  readonly dataDir: string
  readonly grpcPort: number
  readonly httpPort: number
  readonly #options: ServerOptions
  #process: ChildProcess | undefined

  private constructor(dataDir: string, ports: readonly number[], options: ServerOptions) {
    this.dataDir = dataDir
    ;[this.grpcPort, this.httpPort] = ports as [number, number]
    this.#options = options
  }

  /** Starts a server and waits until it is ready. */
  static async start(options: ServerOptions = {}): Promise<TestServer> {
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'chat4all-test-')))
    const server = new TestServer(dataDir, await freePorts(2), options)
    await server.restart()
    return server
  }

  get pid(): number {
    return this.#process!.pid!
  }

  get running(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null
  }

  get address(): string {
    return `127.0.0.1:${this.grpcPort}`
  }

  get log(): string {
    return readFileSync(this.#logFile, 'utf8')
  }

  get state(): string {
    return `the server ${this.running ? 'runs' : 'has exited'}; the end of its log:\n${this.log.slice(-3000)}`
  }

  get credentials(): Credentials {
    return JSON.parse(readFileSync(join(this.dataDir, 'credentials.json'), 'utf8'))
  }

  async restart(): Promise<number> {
    const started = performance.now()
    const { cpus, nodeArguments = [], env = {} } = this.#options
    const command = [join(ROOT, 'scripts/serve'), ...nodeArguments, join(ROOT, 'services/all/src/main.ts')]
    if (cpus !== undefined) command.unshift('taskset', '-c', cpus.join())
    const log = openSync(this.#logFile, 'a')
    this.#process = spawn(command[0]!, command.slice(1), {
      cwd: ROOT,
      env: { ...this.#environment(), ...env },
      stdio: ['ignore', log, log],
    })
    await waitUntil('the server is ready', () => this.#isReady(), this.#options.readyTimeoutMs ?? 30_000)
    return performance.now() - started
  }

  async kill(): Promise<void> {
    await this.#signal('SIGKILL')
  }

  async terminate(): Promise<number | null> {
    return await this.#signal('SIGTERM')
  }

  pause(): void {
    this.#process!.kill('SIGSTOP')
  }

  resume(): void {
    this.#process!.kill('SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) await this.kill()
    if (this.#options.dataDir === undefined) await rm(this.dataDir, { recursive: true, force: true })
    await rm(this.#logFile, { force: true })
  }

  addressFor(): string {
    return this.address
  }

  async readStore(): Promise<Reading[]> {
    return readThroughSql(this.dataDir)
  }

  async ageChanges(days: number): Promise<void> {
    ageChangesInSql(this.dataDir, days)
  }

  async queryDirectory<Row>(sql: string): Promise<Row[]> {
    using db = new DatabaseSync(storeFile(this.dataDir, 'signing_keys'), { readOnly: true })
    return db.prepare(sql).all() as Row[]
  }

  async apiClient(credentials: Omit<Credentials, 'tenant_id'> = this.credentials): Promise<RawClient> {
    return await RawClient.signIn(this.address, credentials)
  }

  // Beside the data directory, not in it: tests fill that up, copy it and compare it.
  get #logFile(): string {
    return join(tmpdir(), `chat4all-test-${process.pid}-${this.grpcPort}.log`)
  }

  #environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      NODE_ENV: 'production',
      CHAT4ALL_DATA_DIR: this.dataDir,
      CHAT4ALL_HOST: '127.0.0.1',
      CHAT4ALL_GRPC_PORT: String(this.grpcPort),
      CHAT4ALL_HTTP_PORT: String(this.httpPort),
    }
  }

  async #isReady(): Promise<boolean> {
    if (!this.running)
      throw new Error(`the server exited with ${this.#process?.exitCode ?? this.#process?.signalCode}:\n${this.log.slice(-4000)}`)
    const answer = await fetch(`http://127.0.0.1:${this.httpPort}/readyz`).catch(() => undefined)
    await answer?.body?.cancel()
    return answer?.status === 200
  }

  async #signal(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#process!
    if (!this.running) throw new Error(`the server ended by itself: ${this.state}`)
    child.kill(signal)
    await once(child, 'exit')
    return child.exitCode
  }
}
