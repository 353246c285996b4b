import { fnv1a32 } from '@chat4all/base'
import type { ConversationKey, IntegrityFinding, IntegrityPage } from '@chat4all/ports'
import type { CqlClient } from '../cql/client.ts'
import { TENANT_SHARDS } from './heads.ts'
import { findWithMembers } from './members.ts'
import { BEGINNING, type Place, Walk } from './verify-walk.ts'

/** What one page covers: a bound, so that a step does not take long. */
export interface PageSize {
  readonly conversations: number
  /** Messages and changes. A longer conversation goes on in the next page. */
  readonly rows: number
}

const PAGE_SIZE: PageSize = { conversations: 50, rows: 2_000 }

/** Where a check goes on: at a conversation, after a place in it. Absent: at the first one. */
interface Cursor {
  readonly key?: ConversationKey
  readonly place: Place
}

const FROM = 'SELECT DISTINCT tenant_id AS "tenantId", conversation_id AS "conversationId" FROM conversations'
const ALL = `${FROM} LIMIT ?`
const ALL_FROM = `${FROM} WHERE token(tenant_id, conversation_id) >= token(?, ?) LIMIT ?`
const OF_TENANT = `SELECT tenant_id AS "tenantId", conversation_id AS "conversationId" FROM tenant_conversations
  WHERE tenant_id = ? AND shard = ? AND conversation_id >= ? LIMIT ?`

/** Checks conversations in the order of the ring, or those of one tenant in the order of its list. */
export function createVerify(cql: CqlClient, size: PageSize = PAGE_SIZE) {
  return async (tenantId: string | undefined, cursor: string): Promise<IntegrityPage> => {
    const start = parseCursor(cursor)
    const findings: IntegrityFinding[] = []
    let [conversations, messages, rows] = [0, 0, 0]
    const page = (next?: Cursor): IntegrityPage => ({ findings, conversations, messages, ...(next ? { next: formatCursor(next) } : {}) })
    const keys = await (tenantId === undefined ? listAll(cql, start, size) : listOfTenant(cql, tenantId, start, size))

    for (const key of keys) {
      const from = isSame(key, start.key) ? start.place : BEGINNING
      if (conversations === size.conversations || rows >= size.rows) return page({ key, place: from })
      const found = await findWithMembers(cql, key)
      // A list may name a conversation whose first batch is not applied yet.
      if (!found) continue
      const walk = new Walk(cql, found, from)
      await walk.go(size.rows - rows)
      findings.push(...walk.findings)
      messages += walk.messages
      rows += walk.rows
      if (!walk.done) return page({ key, place: walk.place })
      conversations++
    }
    return page()
  }
}

/** One more than a page holds: it says where the next one begins. */
function listAll(cql: CqlClient, { key }: Cursor, size: PageSize): Promise<ConversationKey[]> {
  const limit = size.conversations + 1
  return key ? cql.rows<ConversationKey>(ALL_FROM, [key.tenantId, key.conversationId, limit]) : cql.rows<ConversationKey>(ALL, [limit])
}

async function listOfTenant(cql: CqlClient, tenantId: string, { key }: Cursor, size: PageSize): Promise<ConversationKey[]> {
  const keys: ConversationKey[] = []
  const first = key ? shardOf(key.conversationId) : 0
  for (let shard = first; shard < TENANT_SHARDS && keys.length <= size.conversations; shard++) {
    const from = shard === first ? (key?.conversationId ?? '') : ''
    keys.push(...(await cql.rows<ConversationKey>(OF_TENANT, [tenantId, shard, from, size.conversations + 1 - keys.length])))
  }
  return keys
}

function isSame(a: ConversationKey, b: ConversationKey | undefined): boolean {
  return a.tenantId === b?.tenantId && a.conversationId === b.conversationId
}

function shardOf(conversationId: string): number {
  return fnv1a32(conversationId) % TENANT_SHARDS
}

function formatCursor({ key, place }: Cursor): string {
  return JSON.stringify([key?.tenantId, key?.conversationId, ...Object.values(place).map(String)])
}

function parseCursor(cursor: string): Cursor {
  if (cursor === '') return { place: BEGINNING }
  const [tenantId, conversationId, ...numbers] = JSON.parse(cursor) as string[]
  const [sequence, sequencePosition, revision, revisionPosition, created] = numbers.map(BigInt)
  return {
    key: { tenantId: tenantId!, conversationId: conversationId! },
    place: {
      sequence: sequence!,
      sequencePosition: sequencePosition!,
      revision: revision!,
      revisionPosition: revisionPosition!,
      created: created!,
    },
  }
}
