import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import type { CqlOptions } from '../engines/cql-server.ts'
import { EngineProcess } from '../engines/engine-process.ts'
import { answersOk } from '../engines/ready.ts'
import { tempFolder } from '../engines/temp-folder.ts'
import { freePorts } from '../free-ports.ts'
import { RawClient } from '../grpc-client.ts'
import type { Reading } from '../history.ts'
import { ageChangesInCql, readThroughCql } from '../stores/cql.ts'
import type { Credentials, System } from '../system.ts'
import type { TcpProxy } from '../tcp-proxy.ts'
import { Engines } from './engines.ts'
import { type Link, Links } from './links.ts'
import { Member } from './member.ts'

const ROOT = join(import.meta.dirname, '../../../..')
const SABOTEUR = pathToFileURL(join(import.meta.dirname, 'saboteur.mjs')).href
const HOST = '127.0.0.1'
const KEYSPACE = 'chat4all'
/** Of a service that can be made to run out of it. */
const HEAP_MB = 512
/** Cassandra and six services start on the same CPUs. */
const READY_MS = 90_000

export type ServiceName = 'directory' | 'sequencer' | 'gateway'
export type Environment = Readonly<Record<string, string>>

export interface Sabotage {
  readonly clockOffsetMs?: number
  /** An unhandled rejection, or more memory than there is. */
  readonly crash?: 'rejection' | 'memory'
}

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
  readonly cql?: CqlOptions
  /** For every service. */
  readonly env?: Environment
  /** Whether services reach each other and the engines through proxies, for `link` to give, and can be sabotaged. */
  readonly fragile?: boolean
}

/** The services, each a process of its own, on real engines. Their data goes away with them. */
export class Mesh implements System {
  readonly engines: Engines
  readonly directories: Member[]
  readonly sequencers: Member[]
  readonly gateways: Member[]
  readonly #options: MeshOptions
  readonly #links: Links | undefined
  readonly #stack = new AsyncDisposableStack()
  readonly #secret = randomBytes(32).toString('base64url')
  #credentialsFile = ''

  constructor(options: MeshOptions = {}) {
    const named = (name: ServiceName, count: number) =>
      Array.from({ length: count }, (_, index) => new Member(`${name}-${index + 1}`, 'service'))
    this.#options = options
    this.engines = new Engines(options.cql)
    this.directories = named('directory', options.directories ?? 2)
    this.sequencers = named('sequencer', options.sequencers ?? 2)
    this.gateways = named('gateway', options.gateways?.length ?? 2)
    this.#stack.use(this.engines)
    this.#links = options.fragile ? this.#stack.use(new Links()) : undefined
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

  get services(): readonly Member[] {
    return [...this.directories, ...this.sequencers, ...this.gateways]
  }

  /** In the order in which they start. */
  get members(): readonly Member[] {
    return [...this.engines.members, ...this.services]
  }

  /** Of all gateways, the first one first. */
  get address(): string {
    return this.addressFor(0)
  }

  get grpcPort(): number {
    return Number(this.gateways[0]!.address.split(':')[1])
  }

  get httpPort(): number {
    return Number(new URL(this.gateways[0]!.readyUrl!).port)
  }

  get credentials(): Credentials {
    return JSON.parse(readFileSync(this.#credentialsFile, 'utf8'))
  }

  get running(): boolean {
    return this.members.every(({ process }) => process?.running)
  }

  get state(): string {
    const lines = this.members.map(({ name, process }) => `${name} ${process?.running ? 'runs' : 'has ended'}`)
    const logs = this.services.map(({ name, process }) => `the end of the log of ${name}:\n${process?.log.slice(-1000)}`)
    return [lines.join(', '), ...logs].join('\n')
  }

  get log(): string {
    return this.services.map(({ process }) => process!.log).join('')
  }

  addressFor(n: number): string {
    const first = n % this.gateways.length
    const inTurn = [...this.gateways.slice(first), ...this.gateways.slice(0, first)]
    return `ipv4:${inTurn.map(({ address }) => address).join()}`
  }

  async apiClient(credentials: Omit<Credentials, 'tenant_id'> = this.credentials): Promise<RawClient> {
    return await RawClient.signIn(this.address, credentials)
  }

  async start(): Promise<void> {
    this.#credentialsFile = this.#options.credentialsFile ?? join(await this.#temporaryFolder(), 'credentials.json')
    await this.engines.start()
    const first = { CHAT4ALL_BOOTSTRAP_CREDENTIALS: this.#credentialsFile }
    await Promise.all([
      ...this.directories.map((member, index) => this.#start(member, index === 0 ? first : {})),
      ...this.sequencers.map((member) => this.#start(member, {})),
    ])
    await Promise.all(this.gateways.map((member, index) => this.#start(member, {}, this.#options.gateways?.[index])))
  }

  /** Starts one more. The gateways know only the directories that were there before them. */
  async add(service: ServiceName, env: Environment = {}): Promise<Member> {
    const others = { directory: this.directories, sequencer: this.sequencers, gateway: this.gateways }[service]
    const member = new Member(`${service}-${others.length + 1}`, 'service')
    await this.#start(member, env)
    others.push(member)
    return member
  }

  /** Asks one that was added to finish, and forgets it. Returns its exit code. */
  async remove(member: Member): Promise<number | null> {
    await member.process!.stop()
    for (const members of [this.directories, this.sequencers, this.gateways])
      if (members.includes(member)) members.splice(members.indexOf(member), 1)
    return member.process!.exitCode
  }

  /** Harms a service of a fragile mesh from within: its clock, as long as it runs, or all of it, by what it does not expect. */
  sabotage({ process }: Member, what: Sabotage): void {
    writeFileSync(join(process!.folder, 'sabotage.json'), JSON.stringify(what))
  }

  /** Of a fragile mesh: the ways from the services to those they call. */
  get links(): readonly Link[] {
    return this.#links?.all ?? []
  }

  /** One of them. */
  link(from: Member, to: Member): TcpProxy {
    const link = this.links.find((candidate) => candidate.from === from && candidate.to === to)
    if (!link) throw new Error(`${from.name} has no way of its own to ${to.name}`)
    return link.proxy
  }

  async kill(): Promise<void> {
    await Promise.all(this.services.map(({ process }) => process!.kill()))
  }

  async terminate(): Promise<number | null> {
    await this.stop()
    return Math.max(...this.services.map(({ process }) => process!.exitCode ?? 255))
  }

  async restart(): Promise<number> {
    const started = performance.now()
    for (const members of [[...this.directories, ...this.sequencers], this.gateways])
      await Promise.all(members.filter(({ process }) => !process!.running).map(({ process }) => process!.restart()))
    return performance.now() - started
  }

  /** Asks the services to finish, those that take calls first. */
  async stop(): Promise<void> {
    for (const members of [this.gateways, [...this.directories, ...this.sequencers]])
      await Promise.all(members.map(({ process }) => process?.stop()))
  }

  async readStore(): Promise<Reading[]> {
    return await readThroughCql(this.engines.cqlServer, KEYSPACE)
  }

  async ageChanges(days: number): Promise<void> {
    await ageChangesInCql(this.engines.cqlServer, KEYSPACE, days)
  }

  async queryDirectory<Row>(sql: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.engines.postgresUrl(this.engines.postgres.address) })
    await client.connect()
    try {
      return (await client.query(sql)).rows
    } finally {
      await client.end()
    }
  }

  /** At once. `stop` comes before, where the services shall finish. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }

  async #start(member: Member, env: Environment, ports?: Ports): Promise<void> {
    const service = member.name.replace(/-\d+$/, '') as ServiceName
    const [grpc, http] = ports === undefined ? ((await freePorts(2)) as [number, number]) : [ports.grpc, ports.http]
    const readyUrl = `http://${HOST}:${http}/readyz`
    member.starting()
    const process = await EngineProcess.start({
      folder: await tempFolder(service),
      command: [join(ROOT, 'scripts/serve'), join(ROOT, `services/${service}/src/main.ts`)],
      env: { ...(await this.#environment(member, service)), ...env, CHAT4ALL_GRPC_PORT: `${grpc}`, CHAT4ALL_HTTP_PORT: `${http}` },
      isReady: () => answersOk(readyUrl),
      readyTimeoutMs: READY_MS,
    })
    this.#stack.use(process)
    member.run(process, `${HOST}:${service === 'sequencer' ? http : grpc}`, readyUrl)
  }

  async #environment(member: Member, service: ServiceName): Promise<Environment> {
    const { nats, cql, postgres } = this.engines
    const addresses = async (others: readonly Member[]) =>
      (await this.#links?.addresses(member, others)) ?? others.map(({ address }) => address)
    const of = (...services: readonly ServiceName[]) => services.includes(service)
    return {
      NODE_ENV: 'production',
      ...(this.#options.fragile ? { NODE_OPTIONS: `--import=${SABOTEUR} --max-old-space-size=${HEAP_MB}` } : {}),
      CHAT4ALL_HOST: HOST,
      CHAT4ALL_SERVICE_SECRET: this.#secret,
      CHAT4ALL_NATS_SERVERS: (await addresses(nats)).join(),
      CHAT4ALL_NATS_REPLICAS: '3',
      ...(of('directory') ? { CHAT4ALL_POSTGRES_URL: this.engines.postgresUrl((await addresses([postgres]))[0]!) } : {}),
      ...(of('sequencer', 'gateway') ? await this.#cqlEnvironment(addresses, cql) : {}),
      ...(of('gateway') ? { CHAT4ALL_DIRECTORY_ADDRESSES: (await addresses(this.directories)).join() } : {}),
      ...this.#options.env,
    }
  }

  async #cqlEnvironment(addresses: (others: readonly Member[]) => Promise<readonly string[]>, cql: Member): Promise<Environment> {
    return {
      CHAT4ALL_CQL_CONTACT_POINTS: (await addresses([cql])).join(),
      CHAT4ALL_CQL_DATACENTER: this.engines.cqlServer.localDataCenter,
      CHAT4ALL_CQL_KEYSPACE: KEYSPACE,
      CHAT4ALL_CQL_REPLICATION: '1',
    }
  }

  async #temporaryFolder(): Promise<string> {
    const folder = await tempFolder('mesh')
    this.#stack.defer(() => rm(folder, { recursive: true, force: true }))
    return folder
  }
}
