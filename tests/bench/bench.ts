import { TestServer } from '@chat4all/testkit'
import type { Figure } from './figure.ts'
import { startMeter, type Usage } from './meter.ts'
import { countRows } from './rows.ts'
import { SetupApi } from './setup-api.mjs'
import type { ThinClient } from './thin-client.mjs'
import type { Losses, Traffic } from './traffic.ts'

export interface BenchOptions {
  /** Length of each measured window. */
  readonly seconds: number
  /** Streams of the idle workload. */
  readonly streams: number
  /** Messages stored for the history and start workloads. */
  readonly messages: number
  /** CPUs of the server, undefined when nothing is pinned. */
  readonly serverCpus: readonly number[] | undefined
  readonly log: (line: string) => void
}

/** What a workload found. */
export interface Result {
  readonly figures: readonly Figure[]
  /** Anything else worth keeping in the file. */
  readonly details: Readonly<Record<string, unknown>>
}

export type Workload = (options: BenchOptions) => Promise<Result>

/** A fresh server with one signed-in API client. */
export async function startBench(options: BenchOptions, nodeArguments: readonly string[] = [], dataDir?: string): Promise<Bench> {
  const place = dataDir === undefined ? {} : { dataDir }
  const server = await TestServer.start({ cpus: options.serverCpus, nodeArguments, ...place })
  return new Bench(server, await SetupApi.signIn(server.grpcPort, server.credentials), options)
}

export class Bench implements AsyncDisposable {
  readonly server: TestServer
  readonly api: SetupApi
  readonly options: BenchOptions
  #clients: ThinClient[] = []

  constructor(server: TestServer, api: SetupApi, options: BenchOptions) {
    this.server = server
    this.api = api
    this.options = options
  }

  /** Sessions of users, made if need be; ten at a time. */
  async connect(userIds: readonly string[]): Promise<ThinClient[]> {
    await this.api.createUsers(userIds)
    const clients: ThinClient[] = []
    for (let at = 0; at < userIds.length; at += 10) {
      clients.push(...(await Promise.all(userIds.slice(at, at + 10).map((user) => this.api.connect(user)))))
    }
    this.#clients.push(...clients)
    return clients
  }

  measure(): () => Usage {
    const { serverCpus } = this.options
    return startMeter(this.server.pid, serverCpus?.length === 1 ? serverCpus[0] : undefined)
  }

  /** Figures that every sending workload has: losses, and rows in the store. */
  integrity(workload: string, losses: Losses, traffic: Traffic): Figure[] {
    const { rows, ids, heads } = countRows(this.server.dataDir)
    const zero = { is: '=', value: 0 } as const
    const missing = Math.max(...[rows, ids, heads].map((n) => Math.abs(n - traffic.accepted)))
    return [
      { workload, name: 'lost + duplicated + reordered + invented', value: sum(losses), unit: '', bar: zero },
      { workload, name: `rows in the store, off from ${traffic.accepted} accepted by`, value: missing, unit: '', bar: zero },
    ]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((c) => c.close()))
    await this.api.close()
    await this.server[Symbol.asyncDispose]()
  }
}

function sum({ lost, duplicated, reordered, invented }: Losses): number {
  return Math.abs(lost) + duplicated + reordered + invented
}

/** What every workload keeps of a measured window. */
export function usageDetails(usage: Usage): Record<string, unknown> {
  const { wallSeconds, serverSeconds, loadSeconds, othersShare, threads } = usage
  return { wallSeconds, serverSeconds, loadSeconds, othersShare, threads: threads.slice(0, 8) }
}
