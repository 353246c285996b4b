import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { waitUntil } from '../wait.ts'
import { Guard } from './guard.ts'
import { signalTree, untilGone } from './process-tree.ts'

export interface Launch {
  /** Its data and log are here. Goes away with it. */
  readonly folder: string
  readonly command: readonly [program: string, ...args: string[]]
  readonly env?: Readonly<Record<string, string>>
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
  /** What makes it finish its work and end. Default: SIGTERM. */
  readonly stopSignal?: NodeJS.Signals
  readonly isReady: (pid: number) => Promise<boolean>
  readonly readyTimeoutMs?: number
}

/** One process of an engine. It does not outlive the process that started it. */
export class EngineProcess implements AsyncDisposable {
  readonly #launch: Launch
  readonly #guard: Guard
  #env: Readonly<Record<string, string>>
  #child: ChildProcess | undefined

  private constructor(launch: Launch) {
    this.#launch = launch
    this.#env = launch.env ?? {}
    this.#guard = new Guard(launch.folder)
  }

  /** Starts it and waits until it is ready. */
  static async start(launch: Launch): Promise<EngineProcess> {
    const engine = new EngineProcess(launch)
    try {
      await engine.restart()
      return engine
    } catch (error) {
      await engine[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Of the process that runs, or ran last. */
  get pid(): number {
    return this.#child!.pid!
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Of the process that ended last, if it ended by itself or was asked to. */
  get exitCode(): number | null {
    return this.#child?.exitCode ?? null
  }

  /** Its data and log; gone after disposal. */
  get folder(): string {
    return this.#launch.folder
  }

  /** What it has written so far. */
  get log(): string {
    return readFileSync(this.#logFile, 'utf8')
  }

  /** Ends it as a power switch would; resolves when it is gone. */
  async kill(): Promise<void> {
    if (!this.running) return
    const ended = once(this.#child!, 'exit')
    const killed = signalTree(this.pid, 'SIGKILL')
    await ended
    await untilGone(killed)
  }

  /** Asks it to finish, and waits for that. */
  async stop(): Promise<void> {
    if (!this.running) return
    const ended = once(this.#child!, 'exit')
    this.#child!.kill(this.#launch.stopSignal ?? 'SIGTERM')
    this.resume() // a frozen one does not hear
    await ended
  }

  /** Freezes it: connections stay open and silent. */
  pause(): void {
    signalTree(this.pid, 'SIGSTOP')
  }

  resume(): void {
    signalTree(this.pid, 'SIGCONT')
  }

  /** Starts it again, on the same ports and data, and stops it before if it runs. What is given changes its environment from now on. Returns the milliseconds until it was ready. */
  async restart(env: Readonly<Record<string, string>> = {}): Promise<number> {
    await this.stop()
    this.#env = { ...this.#env, ...env }
    const started = performance.now()
    this.#spawn()
    await waitUntil(
      'the engine is ready',
      () => this.#isReady(),
      this.#launch.readyTimeoutMs ?? 30_000,
      () => this.#state,
    )
    return performance.now() - started
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await this.#guard.clean()
  }

  #spawn(): void {
    const { command, folder, user } = this.#launch
    const log = openSync(this.#logFile, 'a')
    const [program, ...args] = command
    // A group of its own: Ctrl-C in the terminal is for the process that starts engines, which ends them in its order.
    const options = { cwd: folder, env: { ...process.env, ...this.#env }, detached: true, ...user }
    const child = spawn(program, args, { ...options, stdio: ['ignore', log, log] })
    closeSync(log)
    child.on('error', () => {})
    child.once('exit', () => this.#guard.watch(undefined))
    this.#guard.watch(child.pid)
    this.#child = child
  }

  async #isReady(): Promise<boolean> {
    if (!this.running) throw new Error(this.#state)
    return await this.#launch.isReady(this.pid).catch(() => false)
  }

  get #state(): string {
    const exit = this.running ? 'runs' : `ended (${this.#child?.exitCode ?? this.#child?.signalCode ?? 'not started'})`
    return `${this.#launch.command[0]} ${exit}; the end of its log:\n${this.log.slice(-3000)}`
  }

  get #logFile(): string {
    return join(this.#launch.folder, 'engine.log')
  }
}
