import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CqlServer } from '../engines/cql-server.ts'
import { EngineProcess } from '../engines/engine-process.ts'
import { NatsServers } from '../engines/nats-servers.ts'
import { PostgresServer } from '../engines/postgres-server.ts'
import { answersOk } from '../engines/ready.ts'
import { S3Server } from '../engines/s3-server.ts'
import { tempFolder } from '../engines/temp-folder.ts'
import { freePorts } from '../free-ports.ts'
import { RawClient } from '../grpc-client.ts'
import type { Credentials } from '../server.ts'
import { Member } from './member.ts'

const ROOT = join(import.meta.dirname, '../../../..')
const HOST = '127.0.0.1'
/** Cassandra and six services start on the same CPUs. */
const READY_MS = 90_000

export interface Ports {
  readonly grpc: number
  readonly http: number
}

export interface MeshOptions {
  /** One gateway each. Default: two, on free ports. */
  readonly gateways?: readonly Ports[]
  readonly directories?: number
  readonly sequencers?: number
  /** Where the first API client's credentials are, or get written. Default: in a temporary folder. */
  readonly credentialsFile?: string
  /** For every service. */
  readonly env?: Readonly<Record<string, string>>
}

/** The services, each a process of its own, on real engines: three NATS servers, a CQL store, PostgreSQL and an S3 server. Their data goes away with them. */
export class Mesh implements AsyncDisposable {
  readonly nats = [1, 2, 3].map((number) => new Member(`nats-${number}`, 'engine'))
  readonly cql = new Member('cassandra', 'engine')
  readonly postgres = new Member('postgres', 'engine')
  readonly s3 = new Member('s3', 'engine')
  readonly directories: readonly Member[]
  readonly sequencers: readonly Member[]
  readonly gateways: readonly Member[]
  readonly #options: MeshOptions
  readonly #stack = new AsyncDisposableStack()
  readonly #secret = randomBytes(32).toString('base64url')
  #credentialsFile = ''

  constructor(options: MeshOptions = {}) {
    const named = (name: string, count: number) =>
      Array.from({ length: count }, (_, index) => new Member(`${name}-${index + 1}`, 'service'))
    this.#options = options
    this.directories = named('directory', options.directories ?? 2)
    this.sequencers = named('sequencer', options.sequencers ?? 2)
    this.gateways = named('gateway', options.gateways?.length ?? 2)
  }

  /** Starts a mesh, and stops what has started if that fails. */
  static async start(options: MeshOptions = {}): Promise<Mesh> {
    const mesh = new Mesh(options)
    try {
      await mesh.start()
      return mesh
    } catch (error) {
      await mesh[Symbol.asyncDispose]()
      throw error
    }
  }

  /** In the order in which they start. */
  get members(): readonly Member[] {
    return [...this.nats, this.cql, this.postgres, this.s3, ...this.directories, ...this.sequencers, ...this.gateways]
  }

  get credentialsFile(): string {
    return this.#credentialsFile
  }

  get credentials(): Credentials {
    return JSON.parse(readFileSync(this.#credentialsFile, 'utf8'))
  }

  /** A client that acts as the first API client, through one of the gateways. */
  async apiClient(gateway = 0): Promise<RawClient> {
    return await RawClient.signIn(this.gateways[gateway]!.address, this.credentials)
  }

  async start(): Promise<void> {
    this.#credentialsFile = this.#options.credentialsFile ?? join(await this.#temporaryFolder(), 'credentials.json')
    const [nats, store, postgres] = await this.#startEngines()
    const common = { ...nats, CHAT4ALL_HOST: HOST, CHAT4ALL_SERVICE_SECRET: this.#secret, ...this.#options.env }
    const first = { CHAT4ALL_BOOTSTRAP_CREDENTIALS: this.#credentialsFile }
    await Promise.all([
      ...this.directories.map((member, index) => this.#startService(member, { ...common, ...postgres, ...(index === 0 ? first : {}) })),
      ...this.sequencers.map((member) => this.#startService(member, { ...common, ...store })),
    ])
    const directories = { CHAT4ALL_DIRECTORY_ADDRESSES: this.directories.map(({ address }) => address).join() }
    await Promise.all(
      this.gateways.map((member, index) =>
        this.#startService(member, { ...common, ...store, ...directories }, this.#options.gateways?.[index]),
      ),
    )
  }

  /** Asks the services to finish, those that take calls first. */
  async stop(): Promise<void> {
    for (const members of [this.gateways, [...this.directories, ...this.sequencers]])
      await Promise.all(members.map(({ process }) => process?.stop()))
  }

  /** At once. `stop` comes before, where the services shall finish. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }

  /** Their part of the environment. What has started goes when the mesh goes, also when another one fails. */
  async #startEngines() {
    const started = await Promise.allSettled([this.#startNats(), this.#startCql(), this.#startPostgres(), this.#startS3()])
    const failed = started.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return started.map((result) => (result as PromiseFulfilledResult<Record<string, string>>).value)
  }

  async #startNats() {
    for (const member of this.nats) member.starting()
    const servers = this.#stack.use(await NatsServers.start({ size: 3 }))
    const addresses = servers.urls.map((url) => new URL(url).host)
    for (const [index, member] of this.nats.entries()) {
      member.address = addresses[index]!
      member.run(servers.nodes[index]!)
    }
    return { CHAT4ALL_NATS_SERVERS: addresses.join(), CHAT4ALL_NATS_REPLICAS: '3' }
  }

  async #startCql() {
    this.cql.starting()
    const server = this.#stack.use(await CqlServer.start())
    this.cql.address = server.contactPoint
    this.cql.run(server.node)
    return {
      CHAT4ALL_CQL_CONTACT_POINTS: server.contactPoint,
      CHAT4ALL_CQL_DATACENTER: server.localDataCenter,
      CHAT4ALL_CQL_REPLICATION: '1',
    }
  }

  async #startPostgres() {
    this.postgres.starting()
    const server = this.#stack.use(await PostgresServer.start())
    this.postgres.address = new URL(server.url).host
    this.postgres.run(server.node)
    return { CHAT4ALL_POSTGRES_URL: server.url }
  }

  async #startS3() {
    this.s3.starting()
    const server = this.#stack.use(await S3Server.start())
    this.s3.address = new URL(server.endpoint).host
    this.s3.run(server.node)
    return {}
  }

  async #startService(member: Member, env: Readonly<Record<string, string>>, ports?: Ports): Promise<void> {
    const service = member.name.replace(/-\d+$/, '')
    const [grpc, http] = ports === undefined ? ((await freePorts(2)) as [number, number]) : [ports.grpc, ports.http]
    const readyUrl = `http://${HOST}:${http}/readyz`
    member.starting()
    member.address = `${HOST}:${service === 'sequencer' ? http : grpc}`
    member.readyUrl = readyUrl
    const process = await EngineProcess.start({
      folder: await tempFolder(service),
      command: [join(ROOT, 'scripts/serve'), join(ROOT, `services/${service}/src/main.ts`)],
      env: { NODE_ENV: 'production', ...env, CHAT4ALL_GRPC_PORT: `${grpc}`, CHAT4ALL_HTTP_PORT: `${http}` },
      isReady: () => answersOk(readyUrl),
      readyTimeoutMs: READY_MS,
    })
    this.#stack.use(process)
    member.run(process)
  }

  async #temporaryFolder(): Promise<string> {
    const folder = await tempFolder('mesh')
    this.#stack.defer(() => rm(folder, { recursive: true, force: true }))
    return folder
  }
}
