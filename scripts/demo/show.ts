import { setTimeout as sleep } from 'node:timers/promises'
import type { Mesh } from '../../packages/testkit/src/index.ts'
import { Logs } from '../mesh/logs.ts'
import { Screen } from '../mesh/screen.ts'

const REFRESH_MS = 500
/** Where nothing can be painted over, figures come as lines. */
const LINE_MS = 5_000

/** Shows how a mesh stands, with a line of figures under it, and what is said above. Keeps the logs. */
export class Show implements AsyncDisposable {
  readonly #mesh: Mesh
  readonly #figures: () => string
  readonly #screen: Screen
  readonly #logs: Logs
  readonly #stop = new AbortController()
  readonly #watching: Promise<void>
  readonly #keepLogs = () => this.#logs.keep()
  #toldAt = performance.now()

  constructor(mesh: Mesh, figures: () => string, logFolder: string) {
    this.#mesh = mesh
    this.#figures = figures
    this.#screen = new Screen(
      () => mesh.members,
      () => [` ${figures()}`],
    )
    this.#logs = new Logs(logFolder, () => mesh.members)
    // Their folders go with this process, however it ends.
    process.once('exit', this.#keepLogs)
    this.#watching = this.#watch()
  }

  say(text: string): void {
    this.#screen.say(text)
  }

  /** Ends the table, so that what is said stays last. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#watching
    this.#screen.close()
    process.off('exit', this.#keepLogs)
    this.#keepLogs()
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await Promise.all(this.#mesh.members.map((member) => member.look()))
      if (signal.aborted) return
      this.#logs.link()
      this.#screen.refresh()
      this.#tell()
      await sleep(REFRESH_MS, undefined, { signal }).catch(() => {})
    }
  }

  #tell(): void {
    const figures = this.#figures()
    if (process.stdout.isTTY || figures === '' || performance.now() - this.#toldAt < LINE_MS) return
    this.#toldAt = performance.now()
    console.log(`  ${figures}`)
  }
}
