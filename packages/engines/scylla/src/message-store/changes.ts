import type { ChangePage, ChangeRow, ConversationKey, StoredChange, StoredMessage } from '@chat4all/ports'
import type { CqlClient } from '../cql/client.ts'
import { changeSlices } from './buckets.ts'
import { type Conversation, findConversation } from './conversation.ts'
import { readMessagesAt } from './messages.ts'

/** Kinds of rows in `changes`. Stored: never change. */
export const CREATED = 1
export const UPDATED = 2
export const CONVERSATION = 3

export function kindOf({ sequence }: ChangeRow): number {
  return sequence === undefined ? CONVERSATION : UPDATED
}

/** A row of `changes`. Every revision has one, so that each is found by its number. */
export interface ChangeColumns {
  readonly revision: bigint
  readonly kind: number
  readonly position: bigint
  readonly at: bigint
  readonly sequence: bigint | null
  readonly event: Uint8Array | null
}

const SELECT = `SELECT revision, kind, position, at, sequence, event FROM changes
  WHERE tenant_id = ? AND conversation_id = ? AND bucket = ? AND revision >= ? AND revision <= ?`

/** The changes from one revision to another, ascending. */
export async function readChanges(cql: CqlClient, key: ConversationKey, from: bigint, to: bigint): Promise<ChangeColumns[]> {
  const { tenantId, conversationId } = key
  const read = ({ bucket, from, to }: { readonly bucket: bigint; readonly from: bigint; readonly to: bigint }) =>
    cql.rows<ChangeColumns>(SELECT, [tenantId, conversationId, bucket, from, to])
  return (await Promise.all(changeSlices(from, to).map(read))).flat()
}

/** Reads a page of changes, with their messages as they stand now. */
export async function changesAfter(cql: CqlClient, key: ConversationKey, after: bigint, limit: number): Promise<ChangePage> {
  const conversation = await findConversation(cql, key)
  if (!conversation) return { changes: [], revision: 0n, expired: false }
  const { revision, changesFloor } = conversation
  if (after < changesFloor) return { changes: [], revision, expired: true }
  const through = after + BigInt(limit) < revision ? after + BigInt(limit) : revision
  if (through <= after) return { changes: [], revision, expired: false }
  return { changes: await readPage(cql, conversation, after, through), revision, expired: false }
}

async function readPage(cql: CqlClient, conversation: Conversation, after: bigint, through: bigint): Promise<StoredChange[]> {
  const rows = await readChanges(cql, conversation, after + 1n, through)
  const sequences = rows.flatMap(({ sequence }) => (sequence === null ? [] : [sequence]))
  const messages = await readMessagesAt(cql, conversation, sequences)
  const bySequence = new Map(messages.map((message) => [message.sequence, message]))
  return Array.from({ length: Number(through - after) }, (_, index) => {
    const expected = after + BigInt(index) + 1n
    const change = rows[index]?.revision === expected ? toChange(rows[index], bySequence) : undefined
    if (!change) throw new MissingRow(conversation, expected)
    return change
  })
}

function toChange(row: ChangeColumns, messages: ReadonlyMap<bigint, StoredMessage>): StoredChange | undefined {
  const { revision, kind, at, sequence, event } = row
  if (kind === CONVERSATION) return { kind: 'conversation', revision, at, event: new Uint8Array(event ?? []) }
  const message = messages.get(sequence ?? 0n)
  return message && { kind: kind === CREATED ? 'message_created' : 'message_updated', revision, at, message }
}

/** The store is damaged: a page that goes on without the row would hide it from clients for good. */
class MissingRow extends Error {
  constructor({ tenantId, conversationId }: ConversationKey, revision: bigint) {
    super(`conversation ${conversationId} of tenant ${tenantId} has no row for revision ${revision}`)
    this.name = 'MissingRow'
  }
}
