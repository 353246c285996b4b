import type { EngineProcess } from '../engines/engine-process.ts'
import { answersOk } from '../engines/ready.ts'

export type MemberState = 'waiting' | 'starting' | 'ready' | 'not ready' | 'ended'

/** One process of the mesh, before, while and after it runs. */
export class Member {
  readonly name: string
  readonly kind: 'engine' | 'service'
  /** Where it serves: `host:port`. Empty until that is known. */
  address = ''
  /** Answers 200 while it wants calls. Of services only. */
  readyUrl: string | undefined
  /** Kill, pause or restart it here. */
  process: EngineProcess | undefined
  #state: MemberState = 'waiting'

  constructor(name: string, kind: 'engine' | 'service') {
    this.name = name
    this.kind = kind
  }

  /** As last looked at. */
  get state(): MemberState {
    return this.#state
  }

  starting(): void {
    this.#state = 'starting'
  }

  run(process: EngineProcess, address: string, readyUrl?: string): void {
    this.process = process
    this.address = address
    this.readyUrl = readyUrl
    this.#state = 'ready'
  }

  /** Starts it again on the same ports and data. What comes of it shows in the state. */
  async restart(): Promise<void> {
    this.starting()
    await this.process!.restart().catch(() => {})
    this.#state = this.process!.running ? 'ready' : 'ended'
  }

  /** Looks at it, and returns what is the case. */
  async look(): Promise<MemberState> {
    if (this.process === undefined || this.#state === 'starting') return this.#state
    const ready = this.process.running && (this.readyUrl === undefined || (await answersOk(this.readyUrl).catch(() => false)))
    this.#state = ready ? 'ready' : this.process.running ? 'not ready' : 'ended'
    return this.#state
  }
}
