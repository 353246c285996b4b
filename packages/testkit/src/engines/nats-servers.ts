import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from '../free-ports.ts'
import { engineFolder } from './catalogue.ts'
import { EngineProcess } from './engine-process.ts'
import { answersOk } from './ready.ts'
import { tempFolder } from './temp-folder.ts'

export interface NatsOptions {
  /** Three form a cluster. */
  readonly size: 1 | 3
  /** `always` syncs the file before each acknowledgement, as in production; `lazy` every two minutes. Default: always. */
  readonly sync?: 'always' | 'lazy'
  /** More of each server's configuration, for example what clients have to prove. */
  readonly more?: string
}

interface Flow {
  readonly messages: number
  readonly bytes: number
}

export interface NatsTraffic {
  readonly fromClients: Flow
  readonly toClients: Flow
  /** From server to server. */
  readonly between: Flow
}

type Varz = Readonly<Record<`in_${'' | 'client_'}${'msgs' | 'bytes'}` | `out_${'' | 'client_'}${'msgs' | 'bytes'}`, number>>

interface NodePlan {
  readonly name: string
  readonly client: number
  readonly monitor: number
  readonly cluster: number
}

/**
 * NATS servers with JetStream: `nodes[i]` listens at `urls[i]`. They do not tell clients of each other: who comes through a
 * proxy stays behind it.
 */
export class NatsServers implements AsyncDisposable {
  readonly urls: readonly string[]
  readonly nodes: readonly EngineProcess[]
  readonly #monitors: readonly string[]

  private constructor(plans: readonly NodePlan[], nodes: readonly EngineProcess[]) {
    this.urls = plans.map(({ client }) => `nats://127.0.0.1:${client}`)
    this.#monitors = plans.map(({ monitor }) => `http://127.0.0.1:${monitor}`)
    this.nodes = nodes
  }

  static async start(options: NatsOptions): Promise<NatsServers> {
    const { size } = options
    const ports = await freePorts(3 * size)
    const plans = Array.from({ length: size }, (_, index) => planNode(index, ports.slice(3 * index)))
    const nodes = await Promise.all(plans.map((plan) => startNode(plan, plans, options)))
    return new NatsServers(plans, nodes)
  }

  /** What all servers together have carried since they started. */
  async traffic(): Promise<NatsTraffic> {
    const looks = this.#monitors.map(async (monitor) => (await (await fetch(`${monitor}/varz`)).json()) as Varz)
    const found = await Promise.all(looks)
    const sum = (pick: (varz: Varz) => number) => found.reduce((total, varz) => total + pick(varz), 0)
    return {
      fromClients: { messages: sum((v) => v.in_client_msgs), bytes: sum((v) => v.in_client_bytes) },
      toClients: { messages: sum((v) => v.out_client_msgs), bytes: sum((v) => v.out_client_bytes) },
      between: {
        messages: sum((v) => v.in_msgs - v.in_client_msgs),
        bytes: sum((v) => v.in_bytes - v.in_client_bytes),
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()))
  }
}

function planNode(index: number, ports: readonly number[]): NodePlan {
  return { name: `n${index + 1}`, client: ports[0]!, monitor: ports[1]!, cluster: ports[2]! }
}

async function startNode(plan: NodePlan, all: readonly NodePlan[], options: NatsOptions): Promise<EngineProcess> {
  const folder = await tempFolder('nats')
  const file = join(folder, 'nats.conf')
  await writeFile(file, configuration(plan, all, options, folder))
  return await EngineProcess.start({
    folder,
    command: [join(engineFolder('nats'), 'nats-server'), '-c', file],
    isReady: () => answersOk(`http://127.0.0.1:${plan.monitor}/healthz`),
  })
}

function configuration(
  { name, client, monitor, cluster }: NodePlan,
  all: readonly NodePlan[],
  { sync = 'always', more = '' }: NatsOptions,
  folder: string,
): string {
  const routes = all.map((node) => `"nats-route://127.0.0.1:${node.cluster}"`).join(', ')
  return `server_name: ${name}
listen: "127.0.0.1:${client}"
http: "127.0.0.1:${monitor}"
jetstream { store_dir: "${join(folder, 'data')}", sync_interval: ${sync === 'always' ? 'always' : '2m'}, max_mem: 256MB, max_file: 16GB }
${more}
${all.length === 1 ? '' : `cluster { name: test, listen: "127.0.0.1:${cluster}", routes: [${routes}], no_advertise: true }`}
`
}
