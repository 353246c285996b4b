import { setTimeout as sleep } from 'node:timers/promises'
import { CqlClient, type CqlConnection } from './client.ts'

const USABLE_MS = 10_000
const POLL_MS = 50

/** A keyspace of a cluster, and how many copies of it each data center has. */
export interface Keyspace extends CqlConnection {
  /** 1 to 48 of a-z, 0-9 and _, a letter first. */
  readonly keyspace: string
  /** Copies by data center; used only when the keyspace is created. Default: 3 in the local one. */
  readonly replication?: Readonly<Record<string, number>>
}

/** Connects to a keyspace, which is created if it is not there. */
export async function connectToKeyspace(options: Keyspace): Promise<CqlClient> {
  if (!/^[a-z][a-z0-9_]{0,47}$/.test(options.keyspace)) throw new Error(`'${options.keyspace}' is no name of a keyspace`)
  await using outside = await CqlClient.connect(options)
  if (!(await exists(outside, options.keyspace))) await outside.define(await creation(outside, options))
  return connectWhenUsable(options)
}

/** A keyspace that another process is just making is listed a moment before a node lets it be used. */
async function connectWhenUsable(options: Keyspace): Promise<CqlClient> {
  const deadline = performance.now() + USABLE_MS
  for (;;) {
    try {
      return await CqlClient.connect(options, options.keyspace)
    } catch (error) {
      if (!(error as Error).message.includes('does not exist') || performance.now() > deadline) throw error
      await sleep(POLL_MS)
    }
  }
}

async function exists(cql: CqlClient, keyspace: string): Promise<boolean> {
  return (await cql.row('SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?', [keyspace])) !== undefined
}

async function creation(cql: CqlClient, { keyspace, localDataCenter, replication = { [localDataCenter]: 3 } }: Keyspace): Promise<string> {
  const copies = Object.entries(replication).map(([center, count]) => `'${center.replaceAll("'", "''")}': ${count}`)
  const create = `CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', ${copies.join(', ')}}`
  // The driver knows nothing of tablets and would send most requests to a node that has to pass them on.
  return (await isScylla(cql)) ? `${create} AND tablets = {'enabled': false}` : create
}

async function isScylla(cql: CqlClient): Promise<boolean> {
  const own = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'system_schema' AND table_name = 'scylla_tables'"
  return (await cql.row(own)) !== undefined
}
