import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from '../free-ports.ts'
import { EngineProcess } from './engine-process.ts'
import { createPostgresData } from './postgres-data.ts'
import { postgresUser } from './postgres-user.ts'
import { tempFolder } from './temp-folder.ts'

/** PostgreSQL with an empty database `c4a`, which belongs to the user of `url`. */
export class PostgresServer implements AsyncDisposable {
  readonly url: string
  readonly node: EngineProcess

  private constructor(url: string, node: EngineProcess) {
    this.url = url
    this.node = node
  }

  static async start(): Promise<PostgresServer> {
    const [[port], folder] = await Promise.all([freePorts(1), tempFolder('postgres')])
    const user = await postgresUser()
    const { programs, data } = await createPostgresData(folder, user)
    const node = await EngineProcess.start({
      folder,
      command: [join(programs, 'postgres'), '-D', data, '-p', String(port), ...SETTINGS.flatMap((setting) => ['-c', setting])],
      user,
      stopSignal: 'SIGINT', // ends connections; SIGTERM would wait for them
      isReady: (pid) => saysReady(data, pid),
    })
    return new PostgresServer(`postgres://c4a:c4a@127.0.0.1:${port}/c4a`, node)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]()
  }
}

const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=100',
  'shared_buffers=64MB',
  'log_min_messages=warning',
  'timezone=UTC',
]

/** The file that the server writes: its process id is in line 1, its state in line 8. A killed one leaves its file behind. */
async function saysReady(data: string, pid: number): Promise<boolean> {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready'
}
