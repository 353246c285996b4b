import { EngineUnavailable } from '@chat4all/ports'
import cassandra from 'cassandra-driver'
import { toPortError } from './errors.ts'
import { Limiter } from './limiter.ts'
import { packTogether, splitUp } from './pack.ts'
import { withRetries } from './retry.ts'
import type { CqlValue, Statement } from './statement.ts'

/** Where the cluster is and how to enter it. */
export interface CqlConnection {
  /** Some nodes, each `host:port` or `host`. The others are found through them. */
  readonly contactPoints: readonly string[]
  readonly localDataCenter: string
  readonly username?: string
  readonly password?: string
}

/** Requests of this process on their way at once: above some hundreds, a node only queues them. */
const REQUESTS_AT_ONCE = 256
/** Rows per page of a response: bodies may have 64 KiB. */
const PAGE_ROWS = 200
/** A change of the schema syncs many small files on each node. */
const SCHEMA_TIMEOUT_MS = 30_000

/** The engine behind CQL. Every statement is prepared, idempotent, at LOCAL_QUORUM, and repeated when it fails for a passing reason. Throws `EngineUnavailable`. */
export class CqlClient implements AsyncDisposable {
  readonly #client: cassandra.Client
  readonly #limiter = new Limiter(REQUESTS_AT_ONCE)

  private constructor(client: cassandra.Client) {
    this.#client = client
  }

  static async connect(connection: CqlConnection, keyspace?: string): Promise<CqlClient> {
    // A client whose first connect failed fails for good: each attempt needs a new one.
    return withRetries(async () => {
      const client = new cassandra.Client({ ...driverOptions(connection), ...(keyspace === undefined ? {} : { keyspace }) })
      try {
        await client.connect()
        return new CqlClient(client)
      } catch (error) {
        await client.shutdown()
        throw error
      }
    })
  }

  async rows<Row>(query: string, params: readonly CqlValue[] = []): Promise<Row[]> {
    const rows: Row[] = []
    let pageState: string | undefined
    do {
      const page = await this.#send(() => this.#client.execute(query, params.map(toDriver), pageState === undefined ? {} : { pageState }))
      for (const row of page.rows) rows.push(row as Row)
      pageState = page.pageState ?? undefined
    } while (pageState !== undefined)
    return rows
  }

  async row<Row>(query: string, params: readonly CqlValue[] = []): Promise<Row | undefined> {
    return (await this.rows<Row>(query, params))[0]
  }

  async run(query: string, params: readonly CqlValue[] = []): Promise<void> {
    await this.#send(() => this.#client.execute(query, params.map(toDriver)))
  }

  /** Statements in one request. Those on one partition: all of them or none, and readers see them at once. */
  async runTogether(statements: readonly Statement[]): Promise<void> {
    const [first, second] = statements
    if (first === undefined) return
    if (second === undefined) return this.run(first.query, first.params)
    const batch = statements.map(({ query, params }) => ({ query, params: params.map(toDriver) }))
    await this.#send(() => this.#client.batch(batch, { logged: false }))
  }

  /** Statements on one partition, in as few requests as is good. */
  async runAll(statements: readonly Statement[]): Promise<void> {
    await Promise.all(splitUp(statements).map((part) => this.runTogether(part)))
  }

  /** Groups of statements, each on one partition, in as few requests as is good. A group stays whole: all of it or nothing, and readers see it at once. Nothing is promised between groups. */
  async runGroups(groups: readonly (readonly Statement[])[]): Promise<void> {
    await Promise.all(packTogether(groups).map((statements) => this.runTogether(statements)))
  }

  /** A change of the schema; when it resolves, all nodes that are up have it. Goes to the same node for every client, because two nodes that create one table at the same time make two of it. */
  async define(query: string): Promise<void> {
    const host = [...this.#client.hosts.values()].filter((node) => node.isUp()).sort((a, b) => (a.address < b.address ? -1 : 1))[0]
    try {
      const result = await this.#client.execute(query, [], {
        prepare: false,
        readTimeout: SCHEMA_TIMEOUT_MS,
        ...(host === undefined ? {} : { host }),
      })
      // The driver has waited for it; its type declarations lack this.
      if (!(result.info as { isSchemaInAgreement?: boolean }).isSchemaInAgreement)
        throw new EngineUnavailable('the nodes do not agree on the schema')
    } catch (error) {
      throw toPortError(error)
    }
  }

  /** A conditional statement (LWT). Returns undefined when it was applied, else the row that stood in its way. Repeated after a failure, so that row may be of its own first attempt. */
  async runIf<Row>(query: string, params: readonly CqlValue[]): Promise<Row | undefined> {
    const serialConsistency = cassandra.types.consistencies.localSerial
    const result = await this.#send(() => this.#client.execute(query, params.map(toDriver), { serialConsistency }))
    return result.wasApplied() ? undefined : (result.first() as Row)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.shutdown()
  }

  #send<T>(request: () => Promise<T>): Promise<T> {
    return this.#limiter.run(() => withRetries(request))
  }
}

function driverOptions({ contactPoints, localDataCenter, username, password }: CqlConnection): cassandra.ClientOptions {
  return {
    contactPoints: [...contactPoints],
    localDataCenter,
    ...(username === undefined ? {} : { credentials: { username, password: password ?? '' } }),
    queryOptions: { prepare: true, isIdempotent: true, consistency: cassandra.types.consistencies.localQuorum, fetchSize: PAGE_ROWS },
    encoding: { useBigIntAsLong: true },
    socketOptions: { readTimeout: 4_000, connectTimeout: 2_000 },
    pooling: { warmup: true },
    policies: { reconnection: new cassandra.policies.reconnection.ExponentialReconnectionPolicy(200, 5_000, false) },
    monitorReporting: { enabled: false },
    maxPrepared: 1_000,
  } as cassandra.ClientOptions
}

/** The driver takes blobs as Buffer only. */
function toDriver(value: CqlValue): unknown {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value
}
