import { Mesh, type System } from '../../packages/testkit/src/index.ts'

const KEYSPACE = 'chat4all'

/** What has passed between the services and the engines since they started, by name. */
export type Hops = ReadonlyMap<string, number>

/** Of the services apart only: in one process there are no hops. */
export async function countHops(system: System): Promise<Hops> {
  if (!(system instanceof Mesh)) return new Map()
  const { natsServers, cqlServer } = system.engines
  const [nats, cql] = await Promise.all([natsServers.traffic(), cqlServer.work(KEYSPACE)])
  return new Map([
    ['NATS, from services: messages', nats.fromClients.messages],
    ['NATS, from services: bytes', nats.fromClients.bytes],
    ['NATS, to services: messages', nats.toClients.messages],
    ['NATS, to services: bytes', nats.toClients.bytes],
    ['NATS, between servers: messages', nats.between.messages],
    ['NATS, between servers: bytes', nats.between.bytes],
    ['store, requests', cql.requests],
    ...[...cql.writes].map(([table, count]) => [`store, writes to ${table}`, count] as const),
    ...[...cql.reads].map(([table, count]) => [`store, reads of ${table}`, count] as const),
  ])
}

export function hopsBetween(before: Hops, after: Hops): Hops {
  return new Map([...after].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const))
}
