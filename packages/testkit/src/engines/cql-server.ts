import { Client } from 'cassandra-driver'
import { freePorts } from '../free-ports.ts'
import { cassandraCommand } from './cassandra-command.ts'
import { writeCassandraConfig } from './cassandra-config.ts'
import { EngineProcess } from './engine-process.ts'
import { answersCql } from './ready.ts'
import { tempFolder } from './temp-folder.ts'

export interface CqlOptions {
  /** `batch` syncs before each acknowledgement. `periodic`, Cassandra's own default, is faster, and a single node that is killed loses what it acknowledged. Default: batch. */
  readonly commitlogSync?: 'batch' | 'periodic'
}

/** What a node has done since it started. */
export interface CqlWork {
  /** Of clients that are still connected. */
  readonly requests: number
  /** Reads and writes of partitions, by table. */
  readonly reads: ReadonlyMap<string, number>
  readonly writes: ReadonlyMap<string, number>
}

/** One node of Apache Cassandra 5, which stands in for ScyllaDB. */
export class CqlServer implements AsyncDisposable {
  readonly contactPoint: string
  readonly localDataCenter = 'datacenter1'
  readonly node: EngineProcess

  private constructor(contactPoint: string, node: EngineProcess) {
    this.contactPoint = contactPoint
    this.node = node
  }

  static async start({ commitlogSync = 'batch' }: CqlOptions = {}): Promise<CqlServer> {
    const folder = await tempFolder('cassandra')
    const [cqlPort, storagePort] = (await freePorts(2)) as [number, number]
    await writeCassandraConfig({ folder, cqlPort, storagePort, commitlogSync })
    const node = await EngineProcess.start({
      folder,
      command: cassandraCommand(folder),
      isReady: () => answersCql(cqlPort),
      readyTimeoutMs: 120_000,
    })
    return new CqlServer(`127.0.0.1:${cqlPort}`, node)
  }

  /** What was done in a keyspace. */
  async work(keyspace: string): Promise<CqlWork> {
    const { contactPoint, localDataCenter } = this
    const cql = new Client({ contactPoints: [contactPoint], localDataCenter })
    const counts = async (table: string) => {
      const { rows } = await cql.execute(`SELECT keyspace_name, table_name, count FROM system_views.${table}`)
      return new Map(rows.filter((row) => row.keyspace_name === keyspace).map((row) => [String(row.table_name), Number(row.count)]))
    }
    try {
      const { rows } = await cql.execute('SELECT request_count FROM system_views.clients')
      const requests = rows.reduce((sum, row) => sum + Number(row.request_count), 0)
      return { requests, reads: await counts('local_read_latency'), writes: await counts('local_write_latency') }
    } finally {
      await cql.shutdown()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]()
  }
}
