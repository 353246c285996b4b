import { type ChatClient, clientCredentials, connect, userToken } from '@chat4all/sdk'
import { type FoundCredentials, findCredentials } from './credentials.ts'
import { usage } from './failure.ts'
import { Output } from './output.ts'

/** The options that every command takes. */
export interface GlobalOptions {
  readonly server?: string
  readonly credentials?: string
  readonly as?: string
  readonly json?: boolean
}

const DEFAULT_SERVER = 'http://127.0.0.1:9090'

/** What commands work with: where to write, and connections in two roles. */
export class Context {
  readonly output: Output
  readonly env: NodeJS.ProcessEnv
  readonly stdin: NodeJS.ReadStream
  options: GlobalOptions = {}
  readonly #process: NodeJS.Process
  readonly #clients: ChatClient[] = []
  #found: FoundCredentials | undefined

  constructor(process: NodeJS.Process) {
    this.#process = process
    this.output = new Output(process)
    this.env = process.env
    this.stdin = process.stdin
  }

  /** Takes in the options of the command that runs. */
  use(options: GlobalOptions): void {
    this.options = options
    this.output.json = options.json === true
  }

  get found(): FoundCredentials {
    this.#found ??= findCredentials(this.options.credentials, this.env)
    return this.#found
  }

  /** Uses these from now on. */
  set found(found: FoundCredentials) {
    this.#found = found
  }

  get server(): string {
    const server = this.options.server ?? this.env.CHAT4ALL_SERVER ?? this.found.credentials.server ?? DEFAULT_SERVER
    if (!URL.canParse(server) || !/^https?:/.test(server)) throw usage(`--server must be a URL like ${DEFAULT_SERVER}, not ${server}`)
    return server
  }

  /** The API client, acting for the user of --as where it must act for one. */
  client(): ChatClient {
    const { client_id: clientId, client_secret: clientSecret } = this.found.credentials
    const actAs = this.options.as
    return this.#connect({ token: clientCredentials({ clientId, clientSecret }), ...(actAs !== undefined && { actAs }) })
  }

  /** The user of --as, with the rights of that user. */
  user(): ChatClient {
    const { client_id: clientId, client_secret: clientSecret } = this.found.credentials
    return this.#connect({ token: userToken({ clientId, clientSecret, userId: this.userId }) })
  }

  get userId(): string {
    if (this.options.as === undefined) throw usage('say who does it: --as USER')
    return this.options.as
  }

  /** Aborts when the user (Ctrl-C) or the system asks to stop. A second time ends the program at once. */
  untilInterrupted(): AbortSignal {
    const controller = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      this.#process.once(signal, () => {
        controller.abort()
        this.#process.once(signal, () => this.#process.exit(130))
      })
    }
    return controller.signal
  }

  setExitCode(code: number): void {
    this.#process.exitCode = code
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()))
  }

  #connect(options: Omit<Parameters<typeof connect>[0], 'url'>): ChatClient {
    const client = connect({ ...options, url: this.server })
    this.#clients.push(client)
    return client
  }
}
