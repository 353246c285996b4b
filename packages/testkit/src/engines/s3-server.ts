import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from '../free-ports.ts'
import { engineFolder } from './catalogue.ts'
import { EngineProcess } from './engine-process.ts'
import { answersOk } from './ready.ts'
import { tempFolder } from './temp-folder.ts'

/** An S3 server (versitygw) without buckets. It never syncs files: it proves nothing about durability. */
export class S3Server implements AsyncDisposable {
  readonly endpoint: string
  readonly region = 'us-east-1'
  readonly accessKeyId = 'testkey'
  readonly secretAccessKey = 'testsecret'
  readonly node: EngineProcess

  private constructor(endpoint: string, node: EngineProcess) {
    this.endpoint = endpoint
    this.node = node
  }

  static async start(): Promise<S3Server> {
    const [[port], folder] = await Promise.all([freePorts(1), tempFolder('s3')])
    const data = join(folder, 'data')
    await mkdir(data)
    const address = `127.0.0.1:${port}`
    const flags = ['--port', address, '--region', 'us-east-1', '--quiet', '--keep-alive', '--health', '/healthz']
    const node = await EngineProcess.start({
      folder,
      command: [join(engineFolder('s3'), 'versitygw'), ...flags, 'posix', data],
      env: { ROOT_ACCESS_KEY: 'testkey', ROOT_SECRET_KEY: 'testsecret' },
      isReady: () => answersOk(`http://${address}/healthz`),
    })
    return new S3Server(`http://${address}`, node)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]()
  }
}
