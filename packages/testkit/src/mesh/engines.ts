import { type CqlOptions, CqlServer } from '../engines/cql-server.ts'
import { NatsServers } from '../engines/nats-servers.ts'
import { PostgresServer } from '../engines/postgres-server.ts'
import { S3Server } from '../engines/s3-server.ts'
import { Member } from './member.ts'

/** What the services stand on: three NATS servers, a CQL store, PostgreSQL and an S3 server. */
export class Engines implements AsyncDisposable {
  readonly nats = [1, 2, 3].map((number) => new Member(`nats-${number}`, 'engine'))
  readonly cql = new Member('cassandra', 'engine')
  readonly postgres = new Member('postgres', 'engine')
  readonly s3 = new Member('s3', 'engine')
  readonly #cqlOptions: CqlOptions
  readonly #stack = new AsyncDisposableStack()
  #cqlServer: CqlServer | undefined
  #natsServers: NatsServers | undefined
  #postgresUrl = ''

  constructor(cql: CqlOptions = {}) {
    this.#cqlOptions = cql
  }

  get members(): readonly Member[] {
    return [...this.nats, this.cql, this.postgres, this.s3]
  }

  get natsServers(): NatsServers {
    return this.#natsServers!
  }

  get cqlServer(): CqlServer {
    return this.#cqlServer!
  }

  /** The one by which the services come in, at this address. */
  postgresUrl(address: string): string {
    const url = new URL(this.#postgresUrl)
    url.host = address
    return url.href
  }

  /** What has started goes when this goes, also when another one fails. */
  async start(): Promise<void> {
    for (const member of this.members) member.starting()
    const started = await Promise.allSettled([this.#startNats(), this.#startCql(), this.#startPostgres(), this.#startS3()])
    const failed = started.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }

  async #startNats(): Promise<void> {
    const servers = this.#stack.use(await NatsServers.start({ size: 3 }))
    this.#natsServers = servers
    for (const [index, member] of this.nats.entries()) member.run(servers.nodes[index]!, new URL(servers.urls[index]!).host)
  }

  async #startCql(): Promise<void> {
    this.#cqlServer = this.#stack.use(await CqlServer.start(this.#cqlOptions))
    this.cql.run(this.#cqlServer.node, this.#cqlServer.contactPoint)
  }

  async #startPostgres(): Promise<void> {
    const server = this.#stack.use(await PostgresServer.start())
    this.#postgresUrl = server.url
    this.postgres.run(server.node, new URL(server.url).host)
  }

  async #startS3(): Promise<void> {
    const server = this.#stack.use(await S3Server.start())
    this.s3.run(server.node, new URL(server.endpoint).host)
  }
}
