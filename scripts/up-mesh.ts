/** Starts the services as separate processes on real engines, on this machine: `make up-mesh`. */
import { mkdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../packages/testkit/src/free-ports.ts'
import { engineMissing, type Member, Mesh } from '../packages/testkit/src/index.ts'
import { root } from './lib/run.ts'
import { Balancer } from './mesh/balancer.ts'
import { Logs } from './mesh/logs.ts'
import { Screen } from './mesh/screen.ts'
import { startText } from './mesh/start-text.ts'

const HELP = `usage: make up-mesh, or scripts/node scripts/up-mesh.ts

Starts, each as a process of its own on this machine: 3 NATS servers, Apache Cassandra in the place of ScyllaDB, PostgreSQL,
an S3 server, 2 directories, 2 sequencers and 2 gateways. Shows their state until Ctrl-C, which stops them all. What ends
before is started again after 2 s; both are shown. The messages live in temporary folders and go when the mesh stops.

  CHAT4ALL_DATA_DIR    where credentials.json and the logs are (default ./data)
  CHAT4ALL_GRPC_PORT   gRPC (default 9090): leads to whichever gateway is up, as a load balancer would; the gateways
                       themselves have the next two; 0 picks free ones
  CHAT4ALL_HTTP_PORT   Connect (default 8080), likewise

Other CHAT4ALL_… variables reach every service. \`make engines\` brings the engines; up-mesh does it first.`

const REFRESH_MS = 500
/** Long enough to see what its absence does. */
const RESTART_MS = 2_000
const GATEWAYS = 2

if (process.argv.slice(2).some((argument) => ['--help', '-h'].includes(argument))) console.log(HELP)
// Whatever was still starting when it was told to stop ends with this process.
else process.exit(await main())

async function main(): Promise<number> {
  const missing = engineMissing('nats', 'cassandra', 'postgres', 's3')
  if (missing !== undefined) return refuse(missing)
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  try {
    await run(stop)
    return 0
  } catch (error) {
    return refuse((error as Error).message)
  }
}

async function run(stop: AbortController): Promise<void> {
  const dataDir = resolve(root, process.env.CHAT4ALL_DATA_DIR || 'data')
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const credentialsFile = join(dataDir, 'credentials.json')
  const [grpcPort, ...grpcPorts] = await ports(Number(process.env.CHAT4ALL_GRPC_PORT || 9090))
  const [httpPort, ...httpPorts] = await ports(Number(process.env.CHAT4ALL_HTTP_PORT || 8080))
  await using running = new AsyncDisposableStack()
  const gateways = grpcPorts.map((grpc, index) => ({ grpc, http: httpPorts[index]! }))
  const mesh = running.use(new Mesh({ credentialsFile, gateways }))
  const up = (ofGateway: readonly number[]) => ofGateway.filter((_, index) => mesh.gateways[index]!.state === 'ready')
  running.use(await Balancer.listen(grpcPort!, () => up(grpcPorts)))
  running.use(await Balancer.listen(httpPort!, () => up(httpPorts)))
  const logs = running.adopt(new Logs(join(dataDir, 'mesh-logs'), () => mesh.members), (linked) => linked.keep())
  const screen = new Screen(() => mesh.members)
  const watching = watch(mesh, logs, screen, stop.signal)
  running.defer(async () => {
    stop.abort()
    await watching
  })

  await Promise.race([mesh.start(), aborted(stop.signal)])
  if (!stop.signal.aborted)
    screen.say(
      startText({ grpcPort: grpcPort!, httpPort: httpPort!, gateways, credentials: shown(credentialsFile), logs: shown(logs.folder) }),
    )
  await aborted(stop.signal)
  screen.say('\nStopping: the services finish what they have begun.')
  await mesh.stop()
}

/** Looks at everybody until the signal, and starts again who has ended. */
async function watch(mesh: Mesh, logs: Logs, screen: Screen, signal: AbortSignal): Promise<void> {
  const reviving = new Set<Member>()
  const revive = async (member: Member) => {
    reviving.add(member)
    screen.say(`${member.name} has ended, and is started again in ${RESTART_MS / 1000} s. Its log: ${shown(logs.fileOf(member))}`)
    await sleep(RESTART_MS, undefined, { signal }).catch(() => {})
    if (!signal.aborted) await member.restart()
    reviving.delete(member)
  }
  while (!signal.aborted) {
    await Promise.all(mesh.members.map((member) => member.look()))
    if (signal.aborted) return
    logs.link()
    screen.refresh()
    for (const member of mesh.members) if (member.state === 'ended' && !reviving.has(member)) void revive(member)
    await sleep(REFRESH_MS, undefined, { signal }).catch(() => {})
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => (signal.aborted ? done() : signal.addEventListener('abort', () => done(), { once: true })))
}

/** For what stands in front, then for each gateway. */
async function ports(first: number): Promise<readonly number[]> {
  return first === 0 ? freePorts(1 + GATEWAYS) : Array.from({ length: 1 + GATEWAYS }, (_, index) => first + index)
}

function shown(path: string): string {
  return relative(root, path).startsWith('..') ? path : relative(root, path)
}

function refuse(message: string): number {
  console.error(`up-mesh: ${message}`)
  return 1
}
