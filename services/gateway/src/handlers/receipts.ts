import { create, toBinary } from '@bufbuild/protobuf'
import { LiveBatchSchema } from '@chat4all/gen/chat4all/internal/v1/live_batch_pb.js'
import { SubscribeResponseSchema } from '@chat4all/gen/chat4all/v1/live_service_pb.js'
import type { ReceiptMark, ReceiptService } from '@chat4all/gen/chat4all/v1/receipt_service_pb.js'
import {
  followSubjects,
  LARGE_CONVERSATION,
  type LiveBus,
  type MessageStore,
  type ReceiptState,
  receiptsSubject,
  userSubject,
} from '@chat4all/ports'
import { type Principal, reasonOf, type UnaryHandler } from '@chat4all/rpc'
import { actingUser } from '../access/acting-user.ts'
import type { ConversationAccess, Conversations } from '../access/conversation-access.ts'
import { receiptEvent, receiptOf } from '../mapping.ts'

type Methods = typeof ReceiptService.method

interface Deps {
  readonly store: MessageStore
  readonly bus: LiveBus
  readonly conversations: Conversations
  readonly nowMicros: () => bigint
}

export function markReceipts(deps: Deps): UnaryHandler<Methods['markReceipts']> {
  return async ({ userId: named, marks }, { principal }) => {
    const userId = actingUser(principal!, named, 'user_id')
    return { results: await Promise.all(marks.map((mark) => markOne(deps, principal!, userId, mark))) }
  }
}

/** Marks of one call reach the store in the same tick, and so the same commit. */
async function markOne(deps: Deps, { tenantId }: Principal, userId: string, mark: ReceiptMark) {
  const conversationId = mark.conversationId.toLowerCase()
  try {
    const access = await deps.conversations.require(tenantId, conversationId, userId)
    const { deliveredThrough, readThrough } = mark
    const [result] = await deps.store.raiseReceipts([
      { tenantId, conversationId, userId, deliveredThrough, readThrough, at: deps.nowMicros() },
    ])
    if (result === undefined) return { conversationId, receipt: { userId } }
    if (result.raised) publishReceipt(deps.bus, tenantId, conversationId, access, result.receipt)
    return { conversationId, receipt: receiptOf(result.receipt) }
  } catch (error) {
    const errorReason = reasonOf(error)
    if (errorReason !== 'CONVERSATION_NOT_FOUND' && errorReason !== 'NOT_A_MEMBER') throw error
    return { conversationId, errorReason }
  }
}

/** In a large conversation only the user's own devices are told: everybody's receipts to everybody would grow with the square of the members. */
function publishReceipt(bus: LiveBus, tenantId: string, conversationId: string, access: ConversationAccess, receipt: ReceiptState): void {
  const response = toBinary(SubscribeResponseSchema, create(SubscribeResponseSchema, { events: [receiptEvent(conversationId, receipt)] }))
  const batch = create(LiveBatchSchema, { tenantId, conversationId, partition: access.partition, response })
  const followers =
    access.members.size > LARGE_CONVERSATION
      ? [userSubject(tenantId, receipt.userId)]
      : followSubjects(tenantId, conversationId, [...access.members.keys()])
  bus.publish([...followers, receiptsSubject(conversationId)], toBinary(LiveBatchSchema, batch))
}

export function listReceipts({ store, conversations }: Deps): UnaryHandler<Methods['listReceipts']> {
  return async ({ conversationId: id }, { principal }) => {
    const conversationId = id.toLowerCase()
    await conversations.requireReadable(principal!, conversationId)
    const receipts = await store.receipts({ tenantId: principal!.tenantId, conversationId })
    return { receipts: receipts.map(receiptOf) }
  }
}
