import { fromBinary } from '@bufbuild/protobuf'
import { MessageSchema } from '@chat4all/gen/chat4all/v1/message_pb.js'
import { Client, types } from 'cassandra-driver'
import type { CqlServer } from '../engines/cql-server.ts'
import type { Reading, StoredRow } from '../history.ts'
import { contents } from './contents.ts'

interface MessageRow {
  readonly tenant_id: string
  readonly conversation_id: string
  readonly sequence: bigint
  readonly message_id: types.Uuid
  readonly data: Buffer
}

interface MemberRow {
  readonly tenant_id: string
  readonly conversation_id: string
  readonly user_id: string | null
  readonly delivered_through: bigint | null
  readonly read_through: bigint | null
}

interface ChangeRow {
  readonly tenant_id: string
  readonly conversation_id: string
  readonly bucket: bigint
  readonly revision: bigint
  readonly at: bigint
  readonly log_partition: number
}

const DAY_MICROS = 86_400_000_000n

/** Every conversation that the CQL message store holds. */
export async function readThroughCql(server: CqlServer, keyspace: string): Promise<Reading[]> {
  return await withClient(server, keyspace, async (cql) => {
    const messages = await all<MessageRow>(cql, 'SELECT tenant_id, conversation_id, sequence, message_id, data FROM messages')
    const members = await all<MemberRow>(
      cql,
      'SELECT tenant_id, conversation_id, user_id, delivered_through, read_through FROM conversations',
    )
    return toReadings(messages, members)
  })
}

/** Makes every change that the CQL message store holds this many days older. */
export async function ageChangesInCql(server: CqlServer, keyspace: string, days: number): Promise<void> {
  await withClient(server, keyspace, async (cql) => {
    const partitions = await all<MemberRow & ChangeRow>(cql, 'SELECT DISTINCT tenant_id, conversation_id, log_partition FROM conversations')
    const partitionOf = new Map(partitions.map((row) => [key(row), row.log_partition]))
    for (const row of await all<ChangeRow>(cql, 'SELECT tenant_id, conversation_id, bucket, revision, at FROM changes'))
      await ageChange(cql, { ...row, log_partition: partitionOf.get(key(row))! }, row.at - BigInt(days) * DAY_MICROS)
  })
}

async function ageChange(cql: Client, row: ChangeRow, at: bigint): Promise<void> {
  const { tenant_id: tenant, conversation_id: conversation, bucket, revision, log_partition: partition } = row
  const run = (query: string, ...params: readonly unknown[]) => cql.execute(query, params as unknown[], { prepare: true })
  const day = at / DAY_MICROS
  await run(
    'UPDATE changes SET at = ? WHERE tenant_id = ? AND conversation_id = ? AND bucket = ? AND revision = ?',
    ...[at, tenant, conversation, bucket, revision],
  )
  await run('INSERT INTO change_days (log_partition, day) VALUES (?, ?)', partition, day)
  await run(
    'INSERT INTO changed_conversations (log_partition, day, tenant_id, conversation_id, revision) VALUES (?, ?, ?, ?, ?)',
    ...[partition, day, tenant, conversation, revision],
  )
}

async function withClient<T>({ contactPoint, localDataCenter }: CqlServer, keyspace: string, use: (cql: Client) => Promise<T>): Promise<T> {
  const cql = new Client({ contactPoints: [contactPoint], localDataCenter, keyspace, encoding: { useBigIntAsLong: true } })
  try {
    return await use(cql)
  } finally {
    await cql.shutdown()
  }
}

function key({ tenant_id, conversation_id }: { readonly tenant_id: string; readonly conversation_id: string }): string {
  return `${tenant_id} ${conversation_id}`
}

async function all<Row>(cql: Client, query: string): Promise<Row[]> {
  const rows: Row[] = []
  const options = { prepare: true, fetchSize: 1000, consistency: types.consistencies.localQuorum, readTimeout: 60_000 }
  let pageState: string | undefined
  do {
    const page = await cql.execute(query, [], pageState === undefined ? options : { ...options, pageState })
    for (const row of page.rows) rows.push(row as unknown as Row)
    pageState = page.pageState ?? undefined
  } while (pageState !== undefined)
  return rows
}

function toReadings(messages: readonly MessageRow[], members: readonly MemberRow[]): Reading[] {
  const messagesBy = Map.groupBy(messages, key)
  return [...Map.groupBy(members, key).values()].map((rows) => {
    const { tenant_id: tenant, conversation_id: conversation } = rows[0]!
    const inOrder = (messagesBy.get(key(rows[0]!)) ?? []).sort((a, b) => (a.sequence < b.sequence ? -1 : 1))
    return { source: 'CQL', tenant, conversation, rows: inOrder.map(toStoredRow), receipts: toReceipts(rows) }
  })
}

function toStoredRow({ tenant_id, sequence, message_id, data }: MessageRow): StoredRow {
  const { bodyHash, conversation } = contents(fromBinary(MessageSchema, data))
  return { sequence, messageId: message_id.toString(), tenant: tenant_id, conversation, bodyHash }
}

function toReceipts(members: readonly MemberRow[]): Reading['receipts'] {
  const known = members.filter((row) => row.user_id !== null)
  const raised = (row: MemberRow) => ({ deliveredThrough: row.delivered_through ?? 0n, readThrough: row.read_through ?? 0n })
  return new Map(known.map((row) => [row.user_id!, raised(row)]))
}
