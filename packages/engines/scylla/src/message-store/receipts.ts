import {
  type ConversationKey,
  type MessageStore,
  type ReceiptMark,
  type ReceiptState,
  type RecipientStatus,
  raiseReceipt,
} from '@chat4all/ports'
import type { CqlClient } from '../cql/client.ts'
import type { Statement } from '../cql/statement.ts'
import { findWithMember, findWithMembers, isPresent, type Member } from './members.ts'
import { readMessagesAt } from './messages.ts'
import { asOf } from './timestamps.ts'

type Raised = { readonly receipt: ReceiptState; readonly raised: boolean } | undefined

/** Kinds of rows in `receipt_events`. Stored: never change. */
const DELIVERED = 1
const READ = 2

const RAISE_DELIVERED = `UPDATE conversations USING TIMESTAMP ? SET delivered_through = ?, delivered_at = ?
  WHERE tenant_id = ? AND conversation_id = ? AND user_id = ?`
const RAISE_READ = `UPDATE conversations USING TIMESTAMP ? SET read_through = ?, read_at = ?
  WHERE tenant_id = ? AND conversation_id = ? AND user_id = ?`
const TOUCH = 'UPDATE conversations USING TIMESTAMP ? SET receipts_at = ? WHERE tenant_id = ? AND conversation_id = ?'
const EVENT = `INSERT INTO receipt_events (tenant_id, conversation_id, user_id, kind, through, at) VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`
const REACHED = `SELECT at FROM receipt_events
  WHERE tenant_id = ? AND conversation_id = ? AND user_id = ? AND kind = ? AND through >= ? LIMIT 1`

export function createReceipts(cql: CqlClient) {
  return {
    async raiseReceipts(marks: readonly ReceiptMark[]): ReturnType<MessageStore['raiseReceipts']> {
      const results: Raised[] = []
      const ofMember = Map.groupBy(marks.keys(), (index) => memberKey(marks[index]!))
      await Promise.all(
        [...ofMember.values()].map(async (indexes) => {
          const raised = await raiseMember(
            cql,
            indexes.map((index) => marks[index]!),
          )
          for (const [i, index] of indexes.entries()) results[index] = raised[i]
        }),
      )
      return marks.map((_, index) => results[index])
    },

    async receipts(key: ConversationKey): Promise<readonly ReceiptState[]> {
      const found = await findWithMembers(cql, key)
      return found?.members.filter(isPresent).map(({ receipt }) => receipt) ?? []
    },

    /** Two look-ups for every recipient who received it. */
    async recipientStatuses(key: ConversationKey, sequence: bigint): Promise<readonly RecipientStatus[]> {
      const found = await findWithMembers(cql, key)
      if (!found || sequence > found.conversation.sequence) return []
      const [message] = await readMessagesAt(cql, found.conversation, [sequence])
      if (!message) return []
      const wasThere = ({ userId, joinedSequence, leftRevision, leftSequence }: Member) =>
        userId !== message.from && joinedSequence < sequence && (leftRevision === 0n || leftSequence >= sequence)
      return Promise.all(found.members.filter(wasThere).map((member) => statusOf(cql, key, member, sequence)))
    },
  }
}

function memberKey({ tenantId, conversationId, userId }: ReceiptMark): string {
  return JSON.stringify([tenantId, conversationId, userId])
}

/** Raises one member's watermarks, mark by mark. Every gateway may do so at any time: a watermark is its own write timestamp, so the highest stays. */
async function raiseMember(cql: CqlClient, marks: readonly ReceiptMark[]): Promise<Raised[]> {
  const found = await findWithMember(cql, marks[0]!, marks[0]!.userId)
  if (!found || !isPresent(found.member)) return marks.map(() => undefined)
  const results: Exclude<Raised, undefined>[] = []
  let before = found.member.receipt
  const writes: Promise<void>[] = []
  for (const mark of marks) {
    const receipt = raiseReceipt(before, mark, found.conversation.sequence)
    const raised = receipt.deliveredThrough > before.deliveredThrough || receipt.readThrough > before.readThrough
    if (raised) writes.push(writeReceipt(cql, mark, before, receipt))
    results.push({ receipt, raised })
    before = receipt
  }
  await Promise.all(writes)
  return results
}

/** First when, then that: a watermark that stands has its time. */
async function writeReceipt(cql: CqlClient, mark: ReceiptMark, old: ReceiptState, raised: ReceiptState): Promise<void> {
  const { tenantId, conversationId, userId, at } = mark
  const key = [tenantId, conversationId, userId]
  const events: Statement[] = []
  const watermarks: Statement[] = []
  const add = (kind: number, raise: string, through: bigint) => {
    events.push({ query: EVENT, params: [...key, kind, through, at, asOf(at)] })
    watermarks.push({ query: raise, params: [asOf(through), through, at, ...key] })
  }
  if (raised.deliveredThrough > old.deliveredThrough) add(DELIVERED, RAISE_DELIVERED, raised.deliveredThrough)
  if (raised.readThrough > old.readThrough) add(READ, RAISE_READ, raised.readThrough)
  await cql.runTogether(events)
  await cql.runTogether([...watermarks, { query: TOUCH, params: [at, at, tenantId, conversationId] }])
}

async function statusOf(cql: CqlClient, key: ConversationKey, { userId, receipt }: Member, sequence: bigint): Promise<RecipientStatus> {
  const reachedAt = async (kind: number, through: bigint): Promise<bigint | undefined> => {
    if (through < sequence) return undefined
    const row = await cql.row<{ readonly at: bigint }>(REACHED, [key.tenantId, key.conversationId, userId, kind, sequence])
    return row?.at
  }
  const [deliveredAt, readAt] = await Promise.all([reachedAt(DELIVERED, receipt.deliveredThrough), reachedAt(READ, receipt.readThrough)])
  return { userId, ...(deliveredAt === undefined ? {} : { deliveredAt }), ...(readAt === undefined ? {} : { readAt }) }
}
