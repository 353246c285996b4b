/** Starts the services as separate processes on real engines, on this machine: `make up-mesh`. */
import { mkdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { engineMissing, type Member, type MemberState, Mesh, type Ports } from '../packages/testkit/src/index.ts'
import { root } from './lib/run.ts'
import { Logs } from './mesh/logs.ts'
import { Screen } from './mesh/screen.ts'
import { startText } from './mesh/start-text.ts'

const HELP = `usage: make up-mesh, or scripts/node scripts/up-mesh.ts

Starts, each as a process of its own on this machine: 3 NATS servers, Apache Cassandra in the place of ScyllaDB, PostgreSQL,
an S3 server, 2 directories, 2 sequencers and 2 gateways. Shows their state until Ctrl-C, which stops them all. What ends by
itself is shown and stays down. The messages live in temporary folders and go when the mesh stops.

  CHAT4ALL_DATA_DIR    where credentials.json and the logs are (default ./data)
  CHAT4ALL_GRPC_PORT   gRPC of the first gateway (default 9090); the second has the next one; 0 picks free ones
  CHAT4ALL_HTTP_PORT   Connect of the first gateway (default 8080), likewise

Other CHAT4ALL_… variables reach every service. \`make engines\` brings the engines; up-mesh does it first.`

const REFRESH_MS = 500
const GATEWAYS = 2

if (process.argv.slice(2).some((argument) => ['--help', '-h'].includes(argument))) console.log(HELP)
// Whatever was still starting when it was told to stop ends with this process.
else process.exit(await main())

async function main(): Promise<number> {
  const missing = engineMissing('nats', 'cassandra', 'postgres', 's3')
  if (missing !== undefined) return refuse(missing)
  const dataDir = resolve(root, process.env.CHAT4ALL_DATA_DIR || 'data')
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const credentialsFile = join(dataDir, 'credentials.json')
  const ports = gatewayPorts()
  const mesh = new Mesh({ credentialsFile, ...(ports === undefined ? {} : { gateways: ports }) })
  const logs = new Logs(join(dataDir, 'mesh-logs'), mesh.members)
  const screen = new Screen(mesh.members)
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const watching = watch(mesh, logs, screen, stop.signal)
  try {
    await Promise.race([mesh.start(), aborted(stop.signal)])
    if (!stop.signal.aborted)
      screen.say(startText(mesh, { credentials: shown(credentialsFile), logs: shown(logs.folder), httpPorts: httpPorts(mesh) }))
    await aborted(stop.signal)
    screen.say('\nStopping: the services finish what they have begun.')
    await mesh.stop()
    return 0
  } catch (error) {
    return refuse((error as Error).message)
  } finally {
    stop.abort()
    await watching
    logs.keep()
    await mesh[Symbol.asyncDispose]()
  }
}

/** Looks at everybody until the signal. */
async function watch(mesh: Mesh, logs: Logs, screen: Screen, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const before = new Map<Member, MemberState>(mesh.members.map((member) => [member, member.state]))
    await Promise.all(mesh.members.map((member) => member.look()))
    logs.link()
    screen.refresh()
    for (const member of mesh.members)
      if (member.state === 'ended' && before.get(member) !== 'ended')
        screen.say(`${member.name} has ended; its log: ${shown(logs.fileOf(member))}`)
    await sleep(REFRESH_MS, undefined, { signal }).catch(() => {})
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => (signal.aborted ? done() : signal.addEventListener('abort', () => done(), { once: true })))
}

/** Undefined for free ones. */
function gatewayPorts(): readonly Ports[] | undefined {
  const grpc = Number(process.env.CHAT4ALL_GRPC_PORT || 9090)
  const http = Number(process.env.CHAT4ALL_HTTP_PORT || 8080)
  if (grpc === 0 || http === 0) return undefined
  return Array.from({ length: GATEWAYS }, (_, index) => ({ grpc: grpc + index, http: http + index }))
}

function httpPorts(mesh: Mesh): number[] {
  return mesh.gateways.map(({ readyUrl }) => Number(new URL(readyUrl!).port))
}

function shown(path: string): string {
  return relative(root, path).startsWith('..') ? path : relative(root, path)
}

function refuse(message: string): number {
  console.error(`up-mesh: ${message}`)
  return 1
}
