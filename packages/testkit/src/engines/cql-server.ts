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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]()
  }
}
