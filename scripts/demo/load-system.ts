import { Mesh, type System, TestServer } from '../../packages/testkit/src/index.ts'
import type { LoadSettings } from './load-settings.ts'

/** Sends wait in the log's queue rather than be refused: the load holds back by itself, by how many each sender has under way. */
const PATIENT = {
  CHAT4ALL_MAX_SENDS_IN_FLIGHT: '100000',
  CHAT4ALL_MAX_SEND_LATENCY_MS: '10000',
  CHAT4ALL_MAX_LOOP_DELAY_MS: '10000',
}

/** On a machine that is busy with other things. */
const READY_MS = 120_000

export async function startSystem({ engine, partitions, commitLog }: LoadSettings): Promise<System> {
  if (engine === 'single') return await TestServer.start({ env: PATIENT, readyTimeoutMs: READY_MS })
  return await Mesh.start({ cql: { commitlogSync: commitLog }, env: { ...PATIENT, CHAT4ALL_PARTITIONS: String(partitions) } })
}

/** What stands there, in plain words, above all what is not as in production. */
export function systemText({ engine, partitions, commitLog }: LoadSettings): string {
  if (engine === 'single') return '  one process on SQLite files; every acknowledged message is on the disk'
  const synced =
    commitLog === 'batch'
      ? 'each write of the store is on the disk before it counts'
      : 'the store writes to the disk every 10 s: killed alone it would lose those seconds (--commit-log batch waits for the disk)'
  return [
    '  3 NATS servers, three copies of every message, on the disk before it is acknowledged',
    `  1 Cassandra node, one copy; ${synced}`,
    `  ${partitions} partitions of the log, 2 gateways, 2 sequencers, 2 directories, PostgreSQL, S3`,
  ].join('\n')
}
